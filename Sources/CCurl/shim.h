#ifndef SEALPOST_CCURL_SHIM_H
#define SEALPOST_CCURL_SHIM_H

#include <curl/curl.h>

/* Swift does not import variadic functions, and libcurl's options are all variadic: one function for
   each type of argument. */

static inline CURLcode sealpost_set_long(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode sealpost_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode sealpost_set_pointer(CURL *handle, CURLoption option, const void *value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode sealpost_set_data_function(CURL *handle, CURLoption option,
                                                  curl_write_callback function) {
  return curl_easy_setopt(handle, option, function);
}

static inline CURLcode sealpost_set_socket_function(CURL *handle,
                                                    curl_opensocket_callback function) {
  return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, function);
}

static inline CURLcode sealpost_set_close_function(CURL *handle,
                                                   curl_closesocket_callback function) {
  return curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, function);
}

static inline CURLcode sealpost_set_request_function(CURL *handle, curl_prereq_callback function) {
  return curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, function);
}

static inline CURLcode sealpost_get_long(CURL *handle, CURLINFO info, long *value) {
  return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode sealpost_get_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
  return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode sealpost_get_pointer(CURL *handle, CURLINFO info, void **value) {
  return curl_easy_getinfo(handle, info, value);
}

static inline CURLMcode sealpost_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode sealpost_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
  return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode sealpost_multi_set_socket_function(CURLM *multi,
                                                           curl_socket_callback function) {
  return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, function);
}

static inline CURLMcode sealpost_multi_set_timer_function(CURLM *multi,
                                                          curl_multi_timer_callback function) {
  return curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, function);
}

/* The version of the struct is a macro that names the newest one, which Swift does not import. */
static inline const char *sealpost_default_authorities(void) {
  return curl_version_info(CURLVERSION_NOW)->cainfo;
}

/* CURLMsg holds its result in a union, which Swift imports under no stable name. */
static inline CURLcode sealpost_message_result(const CURLMsg *message) {
  return message->data.result;
}

#endif
