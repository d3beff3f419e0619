#ifndef WARMUP_BENCH_FANOUT_FANOUT_H_
#define WARMUP_BENCH_FANOUT_FANOUT_H_

#include <atomic>
#include <cstdint>

namespace warmup::bench {

inline constexpr int kEventBytes = 300;
// The subscribers share these, evenly.
inline constexpr int kConnections = 4;

// One publisher and its subscribers, all in this process, on a server in
// another. Subscribers only count what comes.
class Fanout {
 public:
  virtual ~Fanout() = default;

  // Publishes for some seconds as fast as the subscribers follow: at most a
  // bounded number of deliveries is under way. Returns deliveries in a second.
  double DeliveriesPerSecond(double seconds);

 protected:
  explicit Fanout(int subscribers) : subscribers_(subscribers) {}
  int subscribers() const { return subscribers_; }
  void Delivered(int64_t events) {
    delivered_.fetch_add(events, std::memory_order_relaxed);
  }

  // Has an event on its way to the server soon. May wait for earlier ones.
  virtual void Publish() = 0;
  // Called while the subscribers are behind: sends what is still held back.
  virtual void Flush() = 0;

 private:
  int64_t UnderWay() const;
  void PublishOneToAll();

  const int subscribers_;
  int64_t published_ = 0;
  std::atomic<int64_t> delivered_{0};
};

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_FANOUT_FANOUT_H_
