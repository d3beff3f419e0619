#include "adapters/engines/finder/local_engine_finder.h"

#include <algorithm>
#include <fstream>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "adapters/engines/finder/address.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/model/model.h"

namespace warmup {
namespace {

constexpr size_t kMaxTokenBytes = 4'096;
// More candidates than this are not asked in one search.
constexpr size_t kMaxCandidates = 256;

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream in(path, std::ios::binary);
  std::string token(kMaxTokenBytes + 1, '\0');
  in.read(token.data(), static_cast<std::streamsize>(token.size()));
  token.resize(static_cast<size_t>(in.gcount()));
  if (!in.is_open() || in.bad()) {
    return InvalidField("token_file",
                        absl::StrCat("'", path, "' cannot be read"));
  }
  absl::StripAsciiWhitespace(&token);
  if (token.empty() || token.size() > kMaxTokenBytes) {
    return InvalidField("token_file",
                        absl::StrCat("'", path, "' holds no token"));
  }
  return token;
}

std::string IdFor(const EngineKind& kind, const std::string& address) {
  const Address parts = SplitAddress(address);
  std::string id(kind.kind);
  if (!parts.path.empty()) {
    return absl::StrCat(id, "-", StemOf(parts.path));
  }
  if (!parts.is_loopback) absl::StrAppend(&id, "-", parts.host);
  if (kind.usual_ports.empty() || parts.port != kind.usual_ports[0]) {
    absl::StrAppend(&id, "-", parts.port);
  }
  return id;
}

}  // namespace

EngineSearch LocalEngineFinder::Find(const std::vector<EngineSpec>& known) {
  EngineSearch search;
  if (!options_.is_detecting) return search;
  std::set<std::string> ids;
  std::set<std::string> places;  // taken, or asked already
  for (const EngineSpec& spec : known) {
    ids.insert(spec.id);
    places.insert(PlaceOf(AddressOf(spec.endpoint)));
  }
  std::map<std::pair<std::string, uint64_t>, std::string> refused_before;
  {
    MutexLock lock(mutex_);
    refused_before = refused_;
  }
  std::map<std::pair<std::string, uint64_t>, std::string> refused;
  std::set<int> taken_pids;
  std::vector<std::pair<int, NotTaken>> not_taken;
  for (const Candidate& candidate : ListCandidates()) {
    if (!places.insert(PlaceOf(candidate.address)).second) continue;
    const auto key = std::pair(candidate.address, candidate.inode);
    EngineSpec spec;
    spec.endpoint = EndpointFor(candidate.scheme, candidate.address);
    if (const auto before = refused_before.find(key);
        candidate.inode != 0 && before != refused_before.end()) {
      refused[key] = before->second;
      not_taken.push_back({candidate.pid, {spec.endpoint, before->second}});
      continue;
    }
    const auto kind = Identify(candidate, spec, "");
    if (!kind.ok()) {
      const std::string why(kind.status().message());
      if (absl::IsFailedPrecondition(kind.status())) refused[key] = why;
      // Where nobody listens there is nothing to tell.
      if (candidate.inode != 0) {
        not_taken.push_back({candidate.pid, {spec.endpoint, why}});
      }
      continue;
    }
    spec.kind = std::string((*kind)->kind);
    spec.endpoint = EndpointFor(
        candidate.scheme.empty() ? (*kind)->scheme : candidate.scheme,
        candidate.address);
    spec.id = IdFor(**kind, candidate.address);
    auto engine = !ids.insert(spec.id).second
                      ? absl::AlreadyExistsError(absl::StrCat(
                            "another engine is called \"", spec.id, "\""))
                      : (*kind)->make(spec, "", options_.hooks);
    if (!engine.ok()) {
      not_taken.push_back(
          {0, {spec.endpoint, std::string(engine.status().message())}});
      continue;
    }
    if (candidate.pid != 0) taken_pids.insert(candidate.pid);
    search.engines.push_back(*std::move(engine));
  }
  // A server that is taken has other ports, which are none of them.
  for (auto& [pid, refusal] : not_taken) {
    if (!taken_pids.contains(pid)) {
      search.not_taken.push_back(std::move(refusal));
    }
  }
  MutexLock lock(mutex_);
  refused_ = std::move(refused);
  return search;
}

absl::StatusOr<std::shared_ptr<Engine>> LocalEngineFinder::Make(
    const EngineSpec& spec) {
  WARMUP_ASSIGN_OR_RETURN(const std::string token, ReadToken(spec.token_file));
  EngineSpec whole = spec;
  const EngineKind* kind = nullptr;
  if (spec.kind.empty()) {
    Candidate candidate;
    candidate.address = AddressOf(spec.endpoint);
    candidate.scheme = std::string(SchemeOf(spec.endpoint));
    WARMUP_ASSIGN_OR_RETURN(kind, Identify(candidate, spec, token));
    whole.kind = std::string(kind->kind);
  } else {
    kind = FindKind(spec.kind);
    if (kind == nullptr) {
      return InvalidField(
          "kind", absl::StrCat("'", spec.kind, "' is not one of ",
                               absl::StrJoin(
                                   options_.kinds, ", ",
                                   [](std::string* out, const EngineKind& one) {
                                     out->append(one.kind);
                                   })));
    }
  }
  if (whole.id.empty()) whole.id = IdFor(*kind, AddressOf(spec.endpoint));
  WARMUP_RETURN_IF_ERROR(ValidateId("engine_id", whole.id));
  return kind->make(whole, token, options_.hooks);
}

std::vector<LocalEngineFinder::Candidate> LocalEngineFinder::ListCandidates()
    const {
  std::vector<Candidate> candidates;
  const auto listeners = options_.list_listeners();
  AddFromEnvironment(&candidates);
  if (listeners.ok()) {
    AddFromProcesses(*listeners, &candidates);
    // Of those from the environment too, so that they are known again.
    for (Candidate& candidate : candidates) {
      if (candidate.inode != 0) continue;
      for (const Listener& listener : *listeners) {
        if (PlaceOf(AddressOf(listener)) != PlaceOf(candidate.address)) {
          continue;
        }
        candidate.inode = listener.inode;
        candidate.pid = listener.pid;
      }
    }
  }
  AddUsual(listeners, &candidates);
  if (candidates.size() > kMaxCandidates) candidates.resize(kMaxCandidates);
  return candidates;
}

void LocalEngineFinder::AddFromEnvironment(
    std::vector<Candidate>* candidates) const {
  const auto get = [&](const char* name) -> std::string {
    const char* value =
        options_.environment ? options_.environment(name) : nullptr;
    return value == nullptr ? "" : value;
  };
  const auto add = [&](std::string_view kind, const std::string& text,
                       int usual_port) {
    if (text.empty()) return;
    Candidate candidate;
    candidate.address = ReadHostVariable(text, usual_port, &candidate.scheme);
    candidate.hint = FindKind(kind);
    candidates->push_back(std::move(candidate));
  };
  add("ollama", get("OLLAMA_HOST"), 11434);
  const std::string host = get("LLAMA_ARG_HOST");
  const std::string port = get("LLAMA_ARG_PORT");
  if (host.starts_with('/')) {
    candidates->push_back({.address = host,
                           .scheme = {},
                           .hint = FindKind("llama-server"),
                           .inode = 0,
                           .pid = 0});
  } else if (!host.empty() || !port.empty()) {
    add("llama-server", absl::StrCat(host, ":", port.empty() ? "8080" : port),
        8080);
  }
  add("local-ai", get("LOCALAI_ADDRESS"), 8080);
}

void LocalEngineFinder::AddUsual(
    const absl::StatusOr<std::vector<Listener>>& listeners,
    std::vector<Candidate>* candidates) const {
  for (const EngineKind& kind : options_.kinds) {
    for (const int port : kind.usual_ports) {
      Candidate candidate;
      candidate.address = absl::StrCat("127.0.0.1:", port);
      if (!listeners.ok()) {  // one has to knock
        candidates->push_back(std::move(candidate));
        continue;
      }
      for (const Listener& listener : *listeners) {
        if (PlaceOf(AddressOf(listener)) != PlaceOf(candidate.address)) {
          continue;
        }
        candidate.address = AddressOf(listener);
        candidate.inode = listener.inode;
        candidate.pid = listener.pid;
        candidate.hint = HintOf(listener);
        candidates->push_back(candidate);
      }
    }
  }
}

void LocalEngineFinder::AddFromProcesses(
    const std::vector<Listener>& listeners,
    std::vector<Candidate>* candidates) const {
  std::set<int> servers = {options_.own_pid};
  for (const Listener& listener : listeners) {
    if (HintOf(listener) != nullptr) servers.insert(listener.pid);
  }
  for (const Listener& listener : listeners) {
    const EngineKind* hint = HintOf(listener);
    const bool is_worker =
        std::any_of(listener.ancestors.begin(), listener.ancestors.end(),
                    [&](int ancestor) { return servers.contains(ancestor); });
    if (hint == nullptr || is_worker) continue;
    candidates->push_back({.address = AddressOf(listener),
                           .scheme = {},
                           .hint = hint,
                           .inode = listener.inode,
                           .pid = listener.pid});
  }
}

const EngineKind* LocalEngineFinder::HintOf(const Listener& listener) const {
  for (const EngineKind& kind : options_.kinds) {
    for (const std::string_view word : kind.command_words) {
      if (listener.command.find(word) != std::string::npos) return &kind;
    }
  }
  return nullptr;
}

bool LocalEngineFinder::MayBe(const Candidate& candidate,
                              const EngineKind& kind) const {
  if (candidate.hint == &kind) return true;
  const bool is_http = kind.scheme == "http";
  if (!candidate.scheme.empty()) {
    return (candidate.scheme == "grpc") != is_http;
  }
  // A server of HTTP is not bothered with something else for nothing.
  const Address address = SplitAddress(candidate.address);
  return is_http || std::count(kind.usual_ports.begin(), kind.usual_ports.end(),
                               address.port) > 0;
}

absl::StatusOr<const EngineKind*> LocalEngineFinder::Identify(
    const Candidate& candidate, const EngineSpec& spec,
    const std::string& token) const {
  std::vector<const EngineKind*> kinds;
  if (candidate.hint != nullptr) kinds.push_back(candidate.hint);
  for (const EngineKind& kind : options_.kinds) {
    if (&kind != candidate.hint && MayBe(candidate, kind)) {
      kinds.push_back(&kind);
    }
  }
  std::optional<absl::Status> hinted;
  std::optional<absl::Status> unanswered;
  std::vector<std::string> names;
  for (const EngineKind* kind : kinds) {
    EngineSpec asked = spec;
    // It has no name yet; that of a kind would say what nobody knows.
    if (asked.id.empty()) asked.id = candidate.address;
    asked.endpoint =
        EndpointFor(candidate.scheme.empty() ? kind->scheme : candidate.scheme,
                    candidate.address);
    const auto version = kind->probe(asked, token);
    if (version.ok()) return kind;
    if (absl::IsFailedPrecondition(version.status())) {
      names.emplace_back(kind->kind);
    } else if (kind->scheme == "http") {
      // Whoever does not answer one does not answer the others.
      return version.status();
    } else {
      unanswered = version.status();
    }
    if (kind == candidate.hint) hinted = version.status();
  }
  if (hinted.has_value()) return *hinted;
  if (names.empty() && unanswered.has_value()) return *unanswered;
  return MakeError(
      absl::StatusCode::kFailedPrecondition, "NO_KNOWN_ENGINE",
      absl::StrCat("what answers there is none of ",
                   absl::StrJoin(names, ", ")),
      {{"endpoint", EndpointFor(candidate.scheme, candidate.address)}});
}

const EngineKind* LocalEngineFinder::FindKind(std::string_view kind) const {
  for (const EngineKind& one : options_.kinds) {
    if (one.kind == kind) return &one;
  }
  return nullptr;
}

}  // namespace warmup
