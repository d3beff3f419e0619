#include "adapters/engines/ollama/model_book.h"

#include <utility>

namespace warmup::ollama {

std::string FullName(std::string_view name) {
  for (const std::string_view left_out : {"registry.ollama.ai/", "library/"}) {
    if (name.starts_with(left_out)) name.remove_prefix(left_out.size());
  }
  std::string full(name);
  const size_t slash = full.rfind('/');
  const size_t from = slash == std::string::npos ? 0 : slash;
  if (full.find(':', from) == std::string::npos) full += ":latest";
  return full;
}

void ModelBook::Replace(const std::vector<ListedModel>& models) {
  std::map<std::string, Entry, std::less<>> entries;
  for (const ListedModel& model : models) {
    if (model.name.empty()) continue;
    std::string name = FullName(model.name);
    const Entry* before = Find(name);
    const bool is_same = before != nullptr && before->digest == model.digest;
    entries[std::move(name)] = {.digest = model.digest,
                                .size_bytes = model.size_bytes,
                                .is_embedder = model.is_embedder,
                                .format = model.format,
                                .blob = is_same ? before->blob : ""};
  }
  entries_ = std::move(entries);
}

void ModelBook::SetBlob(std::string_view name, const std::string& blob) {
  const auto it = entries_.find(FullName(name));
  if (it != entries_.end()) it->second.blob = blob;
}

const ModelBook::Entry* ModelBook::Find(std::string_view name) const {
  const auto it = entries_.find(FullName(name));
  return it == entries_.end() ? nullptr : &it->second;
}

bool ModelBook::Serves(const RunningModel& running,
                       std::string_view name) const {
  if (FullName(running.name) == FullName(name)) return true;
  const Entry* entry = Find(name);
  if (entry == nullptr) return false;
  const auto same = [](const std::string& a, const std::string& b) {
    return !a.empty() && a == b;
  };
  if (same(entry->digest, running.digest)) return true;
  const Entry* shown = Find(running.name);
  return shown != nullptr &&
         (same(entry->digest, shown->digest) || same(entry->blob, shown->blob));
}

const RunningModel* ModelBook::FindRunning(
    const std::vector<RunningModel>& running, std::string_view name) const {
  const RunningModel* found = nullptr;
  for (const RunningModel& model : running) {
    if (FullName(model.name) == FullName(name)) return &model;
    if (found == nullptr && Serves(model, name)) found = &model;
  }
  return found;
}

}  // namespace warmup::ollama
