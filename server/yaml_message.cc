#include "server/yaml_message.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/convert.h"

namespace warmup {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsDuration(const FieldDescriptor& field) {
  return field.message_type() != nullptr &&
         field.message_type() == google::protobuf::Duration::descriptor();
}

bool IsMessage(const FieldDescriptor& field) {
  return field.message_type() != nullptr && !IsDuration(field);
}

// A message of ours, to go into.
bool IsSection(const FieldDescriptor& field) {
  return IsMessage(field) && !field.is_repeated();
}

std::string Join(const std::string& path, const std::string& name) {
  return path.empty() ? name : absl::StrCat(path, ".", name);
}

class Reader {
 public:
  // `has_lines`: places in the text mean something to people.
  Reader(std::string_view name, bool has_lines)
      : name_(name), has_lines_(has_lines) {}

  absl::Status ReadSection(const YAML::Node& node, const std::string& path,
                           Message* message) const {
    if (node.IsNull()) return absl::OkStatus();
    if (!node.IsMap()) {
      return Wrong(node.Mark(), path, "must be a map of fields");
    }
    std::set<std::string> seen;
    for (const auto& entry : node) {
      const std::string key = entry.first.Scalar();
      const std::string at = Join(path, key);
      const FieldDescriptor* field =
          message->GetDescriptor()->FindFieldByName(key);
      if (field == nullptr) {
        return Wrong(entry.first.Mark(), at,
                     absl::StrCat("there is no such field; there are: ",
                                  FieldNames(*message->GetDescriptor())));
      }
      if (!seen.insert(key).second) {
        return Wrong(entry.first.Mark(), at, "stands here for the second time");
      }
      WARMUP_RETURN_IF_ERROR(ReadField(entry.second, at, *field, message));
    }
    return absl::OkStatus();
  }

  absl::Status ReadField(const YAML::Node& node, const std::string& path,
                         const FieldDescriptor& field, Message* message) const {
    const google::protobuf::Reflection& reflection = *message->GetReflection();
    if (IsSection(field)) {
      return ReadSection(node, path,
                         reflection.MutableMessage(message, &field));
    }
    if (node.IsNull()) return absl::OkStatus();  // "key:" alone: the default
    if (IsMessage(field)) return ReadMessages(node, path, field, message);
    if (field.is_repeated()) return ReadStrings(node, path, field, message);
    if (!node.IsScalar()) {
      return Wrong(node.Mark(), path, "must be a single value");
    }
    if (IsDuration(field)) {
      return ReadDuration(node, path,
                          reflection.MutableMessage(message, &field));
    }
    return ReadScalar(node, path, field, message);
  }

  absl::Status Wrong(const YAML::Mark& mark, const std::string& path,
                     const std::string& what) const {
    std::string where = name_;
    if (has_lines_ && !mark.is_null()) {
      absl::StrAppend(&where, ":", mark.line + 1, ":", mark.column + 1);
    }
    return MakeError(
        absl::StatusCode::kInvalidArgument, "INVALID_CONFIG",
        absl::StrCat(where, ": ", path.empty() ? "" : absl::StrCat(path, ": "),
                     what),
        {{"field", path}});
  }

 private:
  static std::string FieldNames(const Descriptor& type) {
    std::vector<std::string> names;
    for (int i = 0; i < type.field_count(); ++i) {
      names.push_back(type.field(i)->name());
    }
    return absl::StrJoin(names, ", ");
  }

  absl::Status ReadMessages(const YAML::Node& node, const std::string& path,
                            const FieldDescriptor& field,
                            Message* message) const {
    const google::protobuf::Reflection& reflection = *message->GetReflection();
    reflection.ClearField(message, &field);
    if (!node.IsSequence()) return Wrong(node.Mark(), path, "must be a list");
    for (size_t i = 0; i < node.size(); ++i) {
      const std::string at = absl::StrCat(path, "[", i, "]");
      if (!node[i].IsMap()) {
        return Wrong(node[i].Mark(), at, "must be a map of fields");
      }
      WARMUP_RETURN_IF_ERROR(
          ReadSection(node[i], at, reflection.AddMessage(message, &field)));
    }
    return absl::OkStatus();
  }

  absl::Status ReadStrings(const YAML::Node& node, const std::string& path,
                           const FieldDescriptor& field,
                           Message* message) const {
    const google::protobuf::Reflection& reflection = *message->GetReflection();
    reflection.ClearField(message, &field);
    if (node.IsScalar()) {  // a list of one
      reflection.AddString(message, &field, node.Scalar());
      return absl::OkStatus();
    }
    if (!node.IsSequence()) return Wrong(node.Mark(), path, "must be a list");
    for (const YAML::Node& entry : node) {
      if (!entry.IsScalar()) {
        return Wrong(entry.Mark(), path, "must be a list of single values");
      }
      reflection.AddString(message, &field, entry.Scalar());
    }
    return absl::OkStatus();
  }

  absl::Status ReadDuration(const YAML::Node& node, const std::string& path,
                            Message* message) const {
    absl::Duration duration;
    if (!absl::ParseDuration(node.Scalar(), &duration) ||
        duration == absl::InfiniteDuration() ||
        duration == -absl::InfiniteDuration()) {
      return Wrong(node.Mark(), path,
                   absl::StrCat("'", node.Scalar(),
                                "' is not a duration like 500ms or 1m30s"));
    }
    google::protobuf::Duration value;
    SetDuration(duration, &value);
    message->CopyFrom(value);
    return absl::OkStatus();
  }

  absl::Status ReadScalar(const YAML::Node& node, const std::string& path,
                          const FieldDescriptor& field,
                          Message* message) const {
    const google::protobuf::Reflection& reflection = *message->GetReflection();
    const auto wrong = [&](const char* kind) {
      return Wrong(node.Mark(), path,
                   absl::StrCat("'", node.Scalar(), "' is not ", kind));
    };
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        reflection.SetString(message, &field, node.Scalar());
        return absl::OkStatus();
      case FieldDescriptor::CPPTYPE_BOOL: {
        bool value = false;
        if (!YAML::convert<bool>::decode(node, value)) {
          return wrong("true or false");
        }
        reflection.SetBool(message, &field, value);
        return absl::OkStatus();
      }
      case FieldDescriptor::CPPTYPE_INT32: {
        int32_t value = 0;
        if (!YAML::convert<int32_t>::decode(node, value)) {
          return wrong("a whole number");
        }
        reflection.SetInt32(message, &field, value);
        return absl::OkStatus();
      }
      case FieldDescriptor::CPPTYPE_INT64: {
        int64_t value = 0;
        if (!YAML::convert<int64_t>::decode(node, value)) {
          return wrong("a whole number");
        }
        reflection.SetInt64(message, &field, value);
        return absl::OkStatus();
      }
      default:
        return absl::InternalError(
            absl::StrCat("the configuration's field ", path,
                         " has a kind that YAML is not read into"));
    }
  }

  const std::string name_;
  const bool has_lines_;
};

void Emit(const Message& message, YAML::Emitter& out) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  const Descriptor& type = *message.GetDescriptor();
  out << YAML::BeginMap;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    out << YAML::Key << field.name() << YAML::Value;
    if (IsMessage(field) && field.is_repeated()) {
      out << YAML::BeginSeq;
      for (int k = 0; k < reflection.FieldSize(message, &field); ++k) {
        Emit(reflection.GetRepeatedMessage(message, &field, k), out);
      }
      out << YAML::EndSeq;
    } else if (field.is_repeated()) {
      out << YAML::Flow << YAML::BeginSeq;
      for (int k = 0; k < reflection.FieldSize(message, &field); ++k) {
        out << reflection.GetRepeatedString(message, &field, k);
      }
      out << YAML::EndSeq;
    } else if (IsSection(field)) {
      Emit(reflection.GetMessage(message, &field), out);
    } else if (IsDuration(field)) {
      google::protobuf::Duration value;
      value.CopyFrom(reflection.GetMessage(message, &field));
      out << absl::FormatDuration(absl::Seconds(value.seconds()) +
                                  absl::Nanoseconds(value.nanos()));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      out << reflection.GetString(message, &field);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
      out << reflection.GetBool(message, &field);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
      out << reflection.GetInt32(message, &field);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
      out << reflection.GetInt64(message, &field);
    }
  }
  out << YAML::EndMap;
}

// YAML::LoadAll throws; this is the one place that sees it. No document at
// all is an empty one.
absl::Status Parse(const Reader& reader, const std::string& text,
                   YAML::Node* node) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1) {
      return reader.Wrong(documents[1].Mark(), "",
                          "a second document begins here, one is read");
    }
    *node = documents.empty() ? YAML::Node() : documents.front();
    return absl::OkStatus();
  } catch (const YAML::Exception& error) {
    return reader.Wrong(error.mark, "", error.msg);
  }
}

}  // namespace

absl::Status MergeYaml(std::string_view name, const std::string& text,
                       Message* message) {
  const Reader reader(name, /*has_lines=*/true);
  YAML::Node node;
  WARMUP_RETURN_IF_ERROR(Parse(reader, text, &node));
  return reader.ReadSection(node, "", message);
}

absl::Status SetYamlField(std::string_view name, std::string_view path,
                          const std::string& value, Message* message) {
  const Reader reader(name, /*has_lines=*/false);
  const std::string whole(path);
  const std::vector<std::string> steps = absl::StrSplit(whole, '.');
  for (size_t i = 0; i < steps.size(); ++i) {
    const FieldDescriptor* field =
        message->GetDescriptor()->FindFieldByName(steps[i]);
    const bool is_last = i + 1 == steps.size();
    if (field == nullptr || IsSection(*field) == is_last) {
      return reader.Wrong(YAML::Mark::null_mark(), whole,
                          field == nullptr ? "there is no such field"
                          : is_last        ? "is a section, not a value"
                                           : "goes into a value");
    }
    if (!is_last) {
      message = message->GetReflection()->MutableMessage(message, field);
      continue;
    }
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING &&
        !field->is_repeated()) {  // as it is: a path may look like YAML
      message->GetReflection()->SetString(message, field, value);
      return absl::OkStatus();
    }
    YAML::Node node;
    WARMUP_RETURN_IF_ERROR(Parse(reader, value, &node));
    return reader.ReadField(node, whole, *field, message);
  }
  return absl::OkStatus();
}

void ForEachYamlField(const Descriptor& type,
                      const std::function<void(const std::string&)>& visit) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!IsSection(field)) {
      visit(field.name());
      continue;
    }
    ForEachYamlField(*field.message_type(), [&](const std::string& below) {
      visit(absl::StrCat(field.name(), ".", below));
    });
  }
}

std::string ToYaml(const Message& message) {
  YAML::Emitter out;
  Emit(message, out);
  return absl::StrCat(out.c_str(), "\n");
}

}  // namespace warmup
