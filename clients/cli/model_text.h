#ifndef WARMUP_CLIENTS_CLI_MODEL_TEXT_H_
#define WARMUP_CLIENTS_CLI_MODEL_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "clients/cli/terminal.h"
#include "warmup/v1/model.pb.h"

// One model in words: tables, the live table and watches say the same.
namespace warmup::cli {

// "● ready", "◐ loading ███▌   42 %", "○ cold", "○ cold, in RAM", "✗ failed":
// what the daemon does with it, and how warm it is where that says more.
std::string StateText(const v1::Model& model, const Style& style);
// Of a load, 0 to 1; 0 where its end is not known.
double ProgressOf(const v1::Model& model);
// "pinned, 2 leases, 1 waits", or empty.
std::string HoldsText(const v1::Model& model);
// What it takes: measured, else as its owner or engine say.
std::string SizeText(const v1::Model& model);
// "holds 1 GiB on host", "reserves ..." while it is loading; or empty.
std::string MemoryHeldText(const v1::Model& model);
// What its last load said, if it failed; without the model's name in front.
std::string LastErrorText(const v1::Model& model);
// "12 s ago", or "-".
std::string LastUsedText(const v1::Model& model, absl::Time now);
// "1.2 s (3)" from three measurements, "~ 1.2 s" from an estimate, or "-".
std::string LearnedTimeText(const v1::LearnedTime& learned);

// All there is to say, one field a line.
std::string DescribeModel(const v1::Model& model, absl::Time now,
                          const Style& style);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_MODEL_TEXT_H_
