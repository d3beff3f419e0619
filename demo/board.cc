#include "demo/board.h"

namespace warmup::demo {

void Tally::Add(const RequestRow& row) {
  ++requests;
  switch (row.outcome) {
    case Outcome::kWarm:
      ++warm;
      break;
    case Outcome::kLate:
      ++late;
      break;
    case Outcome::kCold:
      ++cold;
      break;
    case Outcome::kFailed:
      ++failed;
      break;
  }
  waited += row.waited;
  waited_after.push_back(waited);
}

}  // namespace warmup::demo
