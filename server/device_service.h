#ifndef WARMUP_SERVER_DEVICE_SERVICE_H_
#define WARMUP_SERVER_DEVICE_SERVICE_H_

#include "absl/status/status.h"
#include "core/runtime/runtime.h"
#include "server/call_queue.h"
#include "server/list_watches.h"
#include "server/rpc_metrics.h"
#include "warmup/v1/device.grpc.pb.h"

namespace warmup {

// warmup.v1.DeviceService over the runtime's last status. Made before the
// server's start, serves from Listen on; see CallQueue for threads.
class DeviceServer {
 public:
  DeviceServer(CallQueue& queue, RpcMetrics& metrics);

  grpc::Service* service() { return &service_; }
  void Listen(const Runtime& runtime);
  // Ends all streams; on the queue's thread.
  void EndStreams(const absl::Status& status) { watches_.End(status); }

 private:
  // Devices change all the time, and are sampled about as often.
  void WriteNews();

  CallQueue& queue_;
  RpcMetrics::Method* const list_metrics_;
  RpcMetrics::Method* const get_metrics_;
  v1::DeviceService::AsyncService service_;
  ListWatches<v1::WatchDevicesRequest, v1::WatchDevicesResponse> watches_;
  QueueWake wake_;
};

}  // namespace warmup

#endif  // WARMUP_SERVER_DEVICE_SERVICE_H_
