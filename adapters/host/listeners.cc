#include "adapters/host/listeners.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace warmup {
namespace {

namespace fs = std::filesystem;

constexpr char kTcpListens[] = "0A";
constexpr char kUnixListens[] = "00010000";
constexpr size_t kMaxCommandBytes = 256;
constexpr size_t kMaxAncestors = 32;

std::vector<std::string> Words(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(std::move(word));
  return words;
}

std::optional<uint32_t> Hex(const std::string& digits) {
  uint32_t value = 0;
  if (digits.empty() || digits.size() > 8) return std::nullopt;
  std::istringstream in(digits);
  in >> std::hex >> value;
  if (in.fail() || !in.eof()) return std::nullopt;
  return value;
}

// "0100007F:1F90": words of 32 bits, each as this machine has it in memory.
bool ReadAddress(const std::string& text, Listener* listener) {
  const size_t colon = text.find(':');
  if (colon != 8 && colon != 32) return false;
  std::array<uint32_t, 4> bytes{};
  for (size_t i = 0; i * 8 < colon; ++i) {
    const auto word = Hex(text.substr(i * 8, 8));
    if (!word.has_value()) return false;
    bytes.at(i) = *word;
  }
  const auto port = Hex(text.substr(colon + 1));
  std::array<char, INET6_ADDRSTRLEN> name{};
  if (!port.has_value() || *port > 65535 ||
      inet_ntop(colon == 8 ? AF_INET : AF_INET6, bytes.data(), name.data(),
                name.size()) == nullptr) {
    return false;
  }
  listener->address = name.data();
  listener->port = static_cast<int>(*port);
  return true;
}

// Lines of /proc/net/tcp and tcp6: number, local, remote, state, queues,
// timer, retransmits, user, timeout, inode.
void ReadTcp(const std::string& file, std::vector<Listener>* listeners) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);  // the head
  while (std::getline(in, line)) {
    const std::vector<std::string> words = Words(line);
    Listener listener;
    if (words.size() < 10 || words[3] != kTcpListens ||
        !ReadAddress(words[1], &listener) ||
        !absl::SimpleAtoi(words[9], &listener.inode)) {
      continue;
    }
    listeners->push_back(std::move(listener));
  }
}

// Lines of /proc/net/unix: address, count, protocol, flags, type, state, inode,
// path. Sockets without a file ("@...") cannot be named to HTTP clients.
void ReadUnix(const std::string& file, std::vector<Listener>* listeners) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    const std::vector<std::string> words = Words(line);
    Listener listener;
    if (words.size() != 8 || words[3] != kUnixListens ||
        !words[7].starts_with('/') ||
        !absl::SimpleAtoi(words[6], &listener.inode)) {
      continue;
    }
    listener.path = words[7];
    listeners->push_back(std::move(listener));
  }
}

std::string CommandOf(const fs::path& process) {
  std::ifstream in(process / "cmdline", std::ios::binary);
  std::string command(kMaxCommandBytes, '\0');
  in.read(command.data(), static_cast<std::streamsize>(command.size()));
  command.resize(static_cast<size_t>(in.gcount()));
  while (command.ends_with('\0')) command.pop_back();
  std::replace_if(
      command.begin(), command.end(), [](char c) { return c < ' ' || c > '~'; },
      ' ');
  return command;
}

// "PPid:\t123" in /proc/<pid>/status; 0: there is none to see.
int ParentOf(const std::string& proc, int pid) {
  std::ifstream in(absl::StrCat(proc, "/", pid, "/status"));
  for (std::string line; std::getline(in, line);) {
    int parent = 0;
    if (line.starts_with("PPid:") &&
        absl::SimpleAtoi(line.substr(sizeof("PPid:") - 1), &parent)) {
      return parent;
    }
  }
  return 0;
}

std::vector<int> AncestorsOf(const std::string& proc, int pid) {
  std::vector<int> ancestors;
  while ((pid = ParentOf(proc, pid)) > 0 && ancestors.size() < kMaxAncestors) {
    ancestors.push_back(pid);
  }
  return ancestors;
}

// "socket:[123]"
std::optional<uint64_t> SocketOf(const fs::path& link) {
  std::error_code ignored;
  const std::string target = fs::read_symlink(link, ignored).string();
  constexpr std::string_view kPrefix = "socket:[";
  uint64_t inode = 0;
  if (!target.starts_with(kPrefix) || !target.ends_with(']') ||
      !absl::SimpleAtoi(
          target.substr(kPrefix.size(), target.size() - kPrefix.size() - 1),
          &inode)) {
    return std::nullopt;
  }
  return inode;
}

// Whether a connection to 127.0.0.1 or ::1 gets there.
bool IsReachedByLoopback(std::string_view address) {
  return address == "127.0.0.1" || address == "0.0.0.0" || address == "::1" ||
         address == "::" || address == "::ffff:127.0.0.1";
}

// What is in a folder of /proc, as far as it can be read: it may be somebody
// else's, or go meanwhile.
std::vector<fs::path> EntriesOf(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    entries.push_back(entry->path());
  }
  return entries;
}

bool HasSocket(const std::string& proc, int pid, uint64_t inode) {
  const std::vector<fs::path> open =
      EntriesOf(absl::StrCat(proc, "/", pid, "/fd"));
  return std::any_of(open.begin(), open.end(), [&](const fs::path& link) {
    return SocketOf(link) == inode;
  });
}

std::vector<int> NewestFirst(const std::string& proc) {
  std::vector<int> pids;
  for (const fs::path& process : EntriesOf(proc)) {
    int pid = 0;
    if (absl::SimpleAtoi(process.filename().string(), &pid)) {
      pids.push_back(pid);
    }
  }
  std::sort(pids.rbegin(), pids.rend());
  return pids;
}

// Whose they are. A socket that several processes have is that of the first
// one: children of a server rarely matter, and have higher numbers.
void FindOwners(const std::string& proc, std::vector<Listener>* listeners) {
  std::map<uint64_t, std::vector<Listener*>> by_inode;
  for (Listener& listener : *listeners) {
    by_inode[listener.inode].push_back(&listener);
  }
  for (const fs::path& process : EntriesOf(proc)) {
    int pid = 0;
    if (!absl::SimpleAtoi(process.filename().string(), &pid)) continue;
    std::string command;
    for (const fs::path& link : EntriesOf(process / "fd")) {
      const auto inode = SocketOf(link);
      const auto it =
          inode.has_value() ? by_inode.find(*inode) : by_inode.end();
      if (it == by_inode.end()) continue;
      if (command.empty()) command = CommandOf(process);
      for (Listener* listener : it->second) {
        if (listener->pid != 0 && listener->pid < pid) continue;
        listener->pid = pid;
        listener->command = command;
      }
    }
  }
  for (Listener& listener : *listeners) {
    if (listener.pid > 0) listener.ancestors = AncestorsOf(proc, listener.pid);
  }
}

}  // namespace

absl::StatusOr<std::vector<Listener>> ListListeners(const std::string& proc) {
  const std::string net = proc + "/net/";
  std::error_code ignored;
  if (!fs::exists(net + "tcp", ignored)) {
    return absl::UnavailableError(absl::StrCat(net, "tcp is not there"));
  }
  std::vector<Listener> listeners;
  ReadTcp(net + "tcp", &listeners);
  ReadTcp(net + "tcp6", &listeners);
  ReadUnix(net + "unix", &listeners);
  FindOwners(proc, &listeners);
  return listeners;
}

std::optional<Listener> FindLoopbackListener(int port,
                                             const std::string& proc) {
  std::vector<Listener> listeners;
  ReadTcp(proc + "/net/tcp", &listeners);
  ReadTcp(proc + "/net/tcp6", &listeners);
  const auto found =
      std::find_if(listeners.begin(), listeners.end(), [&](const Listener& l) {
        return l.port == port && IsReachedByLoopback(l.address);
      });
  if (found == listeners.end()) return std::nullopt;
  for (int pid : NewestFirst(proc)) {
    if (!HasSocket(proc, pid, found->inode)) continue;
    // It may have it from the one that opened it.
    for (int parent = ParentOf(proc, pid);
         parent != 0 && HasSocket(proc, parent, found->inode);
         parent = ParentOf(proc, pid)) {
      pid = parent;
    }
    found->pid = pid;
    found->command = CommandOf(absl::StrCat(proc, "/", pid));
    return *found;
  }
  return std::nullopt;
}

}  // namespace warmup
