#include "core/replay/stream.h"

#include <cstddef>
#include <numeric>
#include <utility>

namespace warmup::replay {
namespace {

// By user, each user's in their order.
template <typename Row>
void SortByUser(std::vector<Row>& rows) {
  std::vector<size_t> places;  // where each user's next one goes
  for (const Row& row : rows) {
    const auto next = static_cast<size_t>(row.user) + 1;
    if (next >= places.size()) places.resize(next + 1);
    ++places[next];
  }
  std::partial_sum(places.begin(), places.end(), places.begin());
  std::vector<Row> sorted(rows.size());
  for (const Row& row : rows) {
    sorted[places[static_cast<size_t>(row.user)]++] = row;
  }
  rows = std::move(sorted);
}

// The rows of `user`, who comes at or after `from`; moves `from` behind them.
template <typename Row>
std::span<const Row> Take(const std::vector<Row>& rows, size_t& from,
                          int32_t user) {
  while (from < rows.size() && rows[from].user < user) ++from;
  const size_t begin = from;
  while (from < rows.size() && rows[from].user == user) ++from;
  return std::span(rows).subspan(begin, from - begin);
}

}  // namespace

Stream PoolOf(const Trace& trace) { return {trace.requests, trace.context}; }

std::vector<Stream> SplitByUser(Trace& trace) {
  SortByUser(trace.requests);
  SortByUser(trace.context);
  std::vector<Stream> streams;
  size_t request = 0;
  size_t event = 0;
  while (request < trace.requests.size()) {
    const int32_t user = trace.requests[request].user;
    const auto requests = Take(trace.requests, request, user);
    streams.push_back({requests, Take(trace.context, event, user)});
  }
  return streams;
}

}  // namespace warmup::replay
