#ifndef WARMUP_TESTS_ENGINES_RECIPES_INCLUDE_MINIAUDIO_MINIAUDIO_H_
#define WARMUP_TESTS_ENGINES_RECIPES_INCLUDE_MINIAUDIO_MINIAUDIO_H_

#include <cstddef>
#include <cstdint>

// Stands in for miniaudio where the tests' Ollama is compiled: what its audio
// input calls, as far as a compiler asks. Every sound is found unreadable.

using ma_uint64 = std::uint64_t;
enum ma_result { MA_SUCCESS = 0, MA_ERROR = -1 };
enum ma_format { ma_format_f32 = 5 };
struct ma_decoder_config {};
struct ma_decoder {};

inline ma_decoder_config ma_decoder_config_init(ma_format, unsigned, unsigned) {
  return {};
}
inline ma_result ma_decoder_init_memory(const void*, std::size_t,
                                        const ma_decoder_config*, ma_decoder*) {
  return MA_ERROR;
}
inline ma_result ma_decoder_get_length_in_pcm_frames(ma_decoder*, ma_uint64*) {
  return MA_ERROR;
}
inline ma_result ma_decoder_read_pcm_frames(ma_decoder*, void*, ma_uint64,
                                            ma_uint64*) {
  return MA_ERROR;
}
inline ma_result ma_decoder_uninit(ma_decoder*) { return MA_ERROR; }

#endif  // WARMUP_TESTS_ENGINES_RECIPES_INCLUDE_MINIAUDIO_MINIAUDIO_H_
