#include "core/replay/reliability.h"

#include <memory>

#include "core/foresight/foresight.h"

namespace warmup::replay {
namespace {

using Quality = foresight::Forecaster::Quality;

void Add(const Quality& more, Quality& sum) {
  sum.cases += more.cases;
  sum.brier += more.brier;
  sum.log_loss += more.log_loss;
  for (size_t i = 0; i < Quality::kBins; ++i) {
    sum.bins[i].cases += more.bins[i].cases;
    sum.bins[i].forecast += more.bins[i].forecast;
    sum.bins[i].outcome += more.bins[i].outcome;
  }
}

struct Listener {
  foresight::Foresight& foresight;
  const Catalogue& catalogue;

  void operator()(const shadow::Request& request) const {
    foresight.OnRequest(catalogue.Rename(request), {});
  }
  void operator()(const shadow::ContextEvent& event) const {
    foresight.OnContext(catalogue.Rename(event));
  }
};

}  // namespace

Reliability ForecastAll(const std::vector<Stream>& streams,
                        const Catalogue& catalogue) {
  Reliability reliability{};
  for (const Stream& stream : streams) {
    const auto foresight =
        std::make_unique<foresight::Foresight>(catalogue.costs);
    Listen(stream, Listener{*foresight, catalogue});
    for (size_t head = 0; head < foresight::kHeads; ++head) {
      Add(foresight->forecaster().quality(static_cast<foresight::Head>(head)),
          reliability[head]);
    }
  }
  return reliability;
}

}  // namespace warmup::replay
