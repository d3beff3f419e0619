#include "adapters/engines/finder/address.h"

#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace warmup {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kAfterScheme = "://";

// What a client reaches where a server listens on everything.
std::string Reachable(const std::string& host) {
  if (host.empty() || host == "0.0.0.0" || host == "*") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

std::string Join(const std::string& host, int port) {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return absl::StrCat(is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", ":", port);
}

}  // namespace

Address SplitAddress(std::string_view address) {
  Address parts;
  if (address.starts_with('/')) {
    parts.path = std::string(address);
    return parts;
  }
  const size_t colon = address.rfind(':');
  const bool has_port =
      colon != std::string_view::npos &&
      absl::SimpleAtoi(std::string(address.substr(colon + 1)), &parts.port);
  parts.host = std::string(has_port ? address.substr(0, colon) : address);
  if (!has_port) parts.port = 0;
  if (parts.host.starts_with('[') && parts.host.ends_with(']')) {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  }
  parts.is_loopback = parts.host == "localhost" || parts.host == "::1" ||
                      parts.host.starts_with("127.");
  return parts;
}

std::string AddressOf(std::string_view endpoint) {
  if (endpoint.starts_with(kUnix)) {
    return std::string(endpoint.substr(kUnix.size()));
  }
  const std::string_view scheme = SchemeOf(endpoint);
  if (scheme.empty()) return std::string(endpoint);
  std::string address(endpoint.substr(scheme.size() + kAfterScheme.size()));
  address = address.substr(0, address.find('/'));
  const Address parts = SplitAddress(address);
  if (parts.port != 0) return address;
  return Join(parts.host, scheme == "https" ? 443 : 80);
}

std::string AddressOf(const Listener& listener) {
  if (!listener.path.empty()) return listener.path;
  return Join(Reachable(listener.address), listener.port);
}

std::string_view SchemeOf(std::string_view endpoint) {
  const size_t end = endpoint.find(kAfterScheme);
  return end == std::string_view::npos ? std::string_view()
                                       : endpoint.substr(0, end);
}

std::string EndpointFor(std::string_view scheme, std::string_view address) {
  if (address.starts_with('/')) {
    return absl::StrCat("unix:", std::string(address));
  }
  return absl::StrCat(scheme.empty() ? "http" : std::string(scheme), "://",
                      std::string(address));
}

std::string PlaceOf(std::string_view address) {
  const Address parts = SplitAddress(address);
  if (!parts.path.empty()) return parts.path;
  return absl::StrCat(parts.is_loopback ? "loopback" : parts.host, ":",
                      parts.port);
}

std::string StemOf(std::string_view path) {
  std::string stem = std::filesystem::path(path).stem().string();
  std::erase_if(stem, [](unsigned char c) { return !absl::ascii_isgraph(c); });
  return stem;
}

std::string ReadHostVariable(std::string_view text, int usual_port,
                             std::string* scheme) {
  if (const std::string_view told = SchemeOf(text); !told.empty()) {
    *scheme = std::string(told);
    usual_port = told == "https" ? 443 : 80;
    text.remove_prefix(told.size() + kAfterScheme.size());
  }
  text = text.substr(0, text.find('/'));
  const size_t colon = text.rfind(':');
  const bool is_bare_ipv6 = !text.starts_with('[') && text.find(':') != colon;
  if (is_bare_ipv6) return Join(Reachable(std::string(text)), usual_port);
  Address parts = SplitAddress(text);
  return Join(Reachable(parts.host), parts.port == 0 ? usual_port : parts.port);
}

}  // namespace warmup
