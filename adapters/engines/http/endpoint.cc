#include "adapters/engines/http/endpoint.h"

#include <curl/curl.h>
#include <sys/un.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"

namespace warmup {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";

using Url = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

// Empty when the URL has no such part.
std::string PartOf(const Url& url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, 0) != CURLUE_OK) return {};
  std::string result(text);
  curl_free(text);
  return result;
}

bool IsLocalHost(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost") ||
         host.starts_with("127.") || host == "[::1]" || host == "0.0.0.0" ||
         host == "[::]";
}

absl::Status Bad(std::string_view what) {
  return InvalidField("endpoint", what);
}

absl::StatusOr<Endpoint> ParseUnix(std::string_view text) {
  const std::string_view path = text.substr(kUnixPrefix.size());
  if (!path.starts_with('/')) return Bad("unix: needs an absolute path");
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Bad("the socket's path is too long");
  }
  return Endpoint{.text = std::string(text),
                  .base_url = "http://localhost",
                  .socket_path = std::string(path),
                  .is_local = true};
}

}  // namespace

absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) {
  if (text.empty() || text.size() > limits::kMaxPathBytes ||
      std::any_of(text.begin(), text.end(),
                  [](char c) { return c <= ' ' || c > '~'; })) {
    return Bad("must be printable ASCII without spaces, and not empty");
  }
  if (text.starts_with(kUnixPrefix)) return ParseUnix(text);
  if (!text.starts_with("http://") && !text.starts_with("https://")) {
    return Bad("must begin with http://, https:// or unix:/");
  }
  const Url url(curl_url(), &curl_url_cleanup);
  const CURLUcode parsed =
      curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), 0);
  if (parsed != CURLUE_OK) return Bad(curl_url_strerror(parsed));
  if (!PartOf(url, CURLUPART_USER).empty() ||
      !PartOf(url, CURLUPART_PASSWORD).empty()) {
    return Bad("must not hold a user or a password");
  }
  const std::string path = PartOf(url, CURLUPART_PATH);
  if ((!path.empty() && path != "/") || !PartOf(url, CURLUPART_QUERY).empty() ||
      !PartOf(url, CURLUPART_FRAGMENT).empty()) {
    return Bad("must end after the host and its port");
  }
  std::string base(text);
  if (base.ends_with('/')) base.pop_back();
  return Endpoint{.text = base,
                  .base_url = base,
                  .socket_path = {},
                  .is_local = IsLocalHost(PartOf(url, CURLUPART_HOST))};
}

}  // namespace warmup
