#include "adapters/engines/llama_swap/answers.h"

#include <charconv>
#include <limits>
#include <utility>

#include "adapters/engines/http/json_answer.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace warmup::llama_swap {
namespace {

using json_answer::At;
using json_answer::BoolAt;
using json_answer::kMaxListed;
using json_answer::ListAt;
using json_answer::NumberAt;
using json_answer::ParseObject;
using json_answer::TextAt;
using nlohmann::json;

// How an event with log lines begins.
constexpr std::string_view kLogBegin = R"({"type":"logData",)";
constexpr int64_t kMaxTtlSeconds = int64_t{365} * 24 * 3'600;

ListedModel::Kind KindOf(const std::string& word) {
  if (word == "peer") return ListedModel::Kind::kRemote;
  if (word.empty() || word == "model") return ListedModel::Kind::kModel;
  return ListedModel::Kind::kStandIn;
}

ProcessState StateOf(const std::string& word) {
  if (word == "ready") return ProcessState::kReady;
  if (word == "starting") return ProcessState::kStarting;
  if (word == "stopping") return ProcessState::kStopping;
  return ProcessState::kStopped;
}

// The port in "http://127.0.0.1:5800/x"; 0 for any other host.
int LoopbackPort(std::string_view url) {
  if (!url.starts_with("http://")) return 0;
  url.remove_prefix(7);
  for (const std::string_view host : {"127.0.0.1:", "localhost:", "[::1]:"}) {
    if (!url.starts_with(host)) continue;
    const std::string_view rest = url.substr(host.size());
    int port = 0;
    const auto [end, error] =
        std::from_chars(rest.data(), rest.data() + rest.size(), port);
    const bool is_whole = end == rest.data() + rest.size() || *end == '/';
    return error == std::errc() && is_whole && port > 0 && port < 65'536 ? port
                                                                         : 0;
  }
  return 0;
}

Request RequestIn(const json& entry) {
  return {.id = TextAt(entry, "id"),
          .model = TextAt(entry, "model"),
          .path = TextAt(entry, "req_path"),
          .started = TextAt(entry, "timestamp")};
}

// The `inflight` messages of all versions that have them.
FeedMessage RequestsIn(const json& data) {
  FeedMessage message;
  const std::string operation = TextAt(data, "operation");
  if (operation == "upsert") {
    message.kind = FeedMessage::Kind::kRequest;
    message.requests.push_back(RequestIn(At(data, "request")));
  } else if (operation == "remove") {
    message.kind = FeedMessage::Kind::kRequestEnded;
    message.ended_id = TextAt(data, "id");
  } else if (const json& requests = At(data, "requests");
             requests.is_array() && requests.size() <= kMaxListed) {
    message.kind = FeedMessage::Kind::kRequests;
    for (const json& entry : requests) {
      message.requests.push_back(RequestIn(entry));
    }
  } else if (operation == "snapshot") {  // of none
    message.kind = FeedMessage::Kind::kRequests;
  } else if (At(data, "total").is_number()) {
    message.kind = FeedMessage::Kind::kCount;
  }
  return message;
}

FeedMessage StatesIn(const json& list) {
  FeedMessage message;
  if (!list.is_array() || list.size() > kMaxListed) return message;
  message.kind = FeedMessage::Kind::kStates;
  for (const json& entry : list) {
    std::string name = TextAt(entry, "id");
    if (name.empty()) continue;
    message.states.push_back(
        {.name = std::move(name), .state = StateOf(TextAt(entry, "state"))});
  }
  return message;
}

}  // namespace

absl::StatusOr<std::vector<ListedModel>> ReadModels(std::string_view text) {
  WARMUP_ASSIGN_OR_RETURN(json answer, ParseObject(text));
  WARMUP_ASSIGN_OR_RETURN(const json models, ListAt(std::move(answer), "data"));
  std::vector<ListedModel> result;
  result.reserve(models.size());
  for (const json& entry : models) {
    const json& own = At(At(entry, "meta"), "llamaswap");
    ListedModel& model = result.emplace_back();
    model.name = TextAt(entry, "id");
    model.kind = KindOf(TextAt(own, "type"));
    model.context_length =
        NumberAt(entry, "context_length", std::numeric_limits<int32_t>::max());
    model.is_reranker = BoolAt(At(entry, "capabilities"), "reranker");
    const json& aliases = At(own, "aliases");
    if (!aliases.is_array() || aliases.size() > kMaxListed) continue;
    for (const json& alias : aliases) {
      if (alias.is_string()) model.aliases.push_back(alias.get<std::string>());
    }
  }
  return result;
}

absl::StatusOr<std::vector<RunningModel>> ReadRunning(std::string_view text) {
  WARMUP_ASSIGN_OR_RETURN(json answer, ParseObject(text));
  WARMUP_ASSIGN_OR_RETURN(const json models,
                          ListAt(std::move(answer), "running"));
  std::vector<RunningModel> result;
  result.reserve(models.size());
  for (const json& entry : models) {
    RunningModel& model = result.emplace_back();
    model.name = TextAt(entry, "model");
    model.state = StateOf(TextAt(entry, "state"));
    model.ttl = absl::Seconds(NumberAt(entry, "ttl", kMaxTtlSeconds));
    model.port = LoopbackPort(TextAt(entry, "proxy"));
  }
  return result;
}

absl::StatusOr<FeedMessage> ReadFeedMessage(std::string_view data) {
  if (data.starts_with(kLogBegin)) return FeedMessage();
  WARMUP_ASSIGN_OR_RETURN(const json message, ParseObject(data));
  const std::string type = TextAt(message, "type");
  const json& inner = At(message, "data");
  // A JSON text within the JSON.
  if ((type != "inflight" && type != "modelStatus") || !inner.is_string()) {
    return FeedMessage();
  }
  const json value = json::parse(inner.get_ref<const std::string&>(), nullptr,
                                 /*allow_exceptions=*/false);
  if (value.is_discarded()) {
    return absl::InvalidArgumentError("the message's data is not JSON");
  }
  return type == "inflight" ? RequestsIn(value) : StatesIn(value);
}

std::string ReadVersion(std::string_view text) {
  const auto answer = ParseObject(text);
  return answer.ok() ? TextAt(*answer, "version") : std::string();
}

}  // namespace warmup::llama_swap
