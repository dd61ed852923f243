/* The floor: what a delivery costs with the same libraries and nothing else. Consumes a queue with
 * librabbitmq, signs each body with HMAC-SHA256, posts it to each URL with libcurl on an epoll set, and
 * acknowledges in batches; one thread. No scan, no matching, no policy, no log, no retry.
 *
 * usage: bare_loop PORT QUEUE FAN_OUT IN_FLIGHT AUTHORITIES URL...
 * AUTHORITIES is a file with certificates to trust, or empty; requests go to the URLs in turn.
 * Ends on SIGTERM, or with a message where something is not as it should be.
 */
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

enum { PREFETCH = 1000, ACKNOWLEDGE_EVERY = 125, MAXIMUM_IN_FLIGHT = 8192, HEAD = 512, MAXIMUM_URLS = 1024 };

typedef struct Message {
  amqp_envelope_t envelope;
  int pending; /* requests that have not ended */
  int unsent;  /* requests that have not begun */
  int is_done;
} Message;

typedef struct Slot {
  CURL *handle;
  struct curl_slist head;
  char text[HEAD];
  Message *message;
} Slot;

static amqp_connection_state_t connection;
static CURLM *multi;
static int epoll;
static long long deadline = -1; /* libcurl's timer, in milliseconds */
static volatile sig_atomic_t is_ended;
static EVP_MAC_CTX *mac;

static Message window[PREFETCH];
static uint64_t first, next_sent, end; /* delivery tags: acknowledged below `first`, held below `end` */

static Slot slots[MAXIMUM_IN_FLIGHT];
static int free_slots[MAXIMUM_IN_FLIGHT], free_count;
static CURLU *urls[MAXIMUM_URLS];
static int url_count, next_url;

static void fail(const char *what) {
  fprintf(stderr, "bare_loop: %s\n", what);
  exit(1);
}

static void expect(amqp_rpc_reply_t reply, const char *what) {
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) fail(what);
}

static void on_end(int number) {
  (void)number;
  is_ended = 1;
}

static long long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static Message *message(uint64_t tag) { return &window[tag % PREFETCH]; }

static int watch(CURL *easy, curl_socket_t socket, int what, void *unused, void *known) {
  (void)easy, (void)unused;
  if (what == CURL_POLL_REMOVE) return epoll_ctl(epoll, EPOLL_CTL_DEL, socket, NULL), 0;
  struct epoll_event event = {.data.fd = socket};
  if (what & CURL_POLL_IN) event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
  epoll_ctl(epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
  curl_multi_assign(multi, socket, slots);
  return 0;
}

static int set_timer(CURLM *unused, long time, void *data) {
  (void)unused, (void)data;
  deadline = time < 0 ? -1 : milliseconds() + time;
  return 0;
}

static size_t ignore(char *bytes, size_t size, size_t count, void *data) {
  (void)bytes, (void)data;
  return size * count;
}

static void make_slot(Slot *slot, const char *authorities) {
  slot->handle = curl_easy_init();
  slot->head.data = slot->text;
  curl_easy_setopt(slot->handle, CURLOPT_CURLU, urls[0]);
  if (*authorities) curl_easy_setopt(slot->handle, CURLOPT_CAINFO, authorities);
  curl_easy_setopt(slot->handle, CURLOPT_POST, 1L);
  curl_easy_setopt(slot->handle, CURLOPT_HTTPHEADER, &slot->head);
  curl_easy_setopt(slot->handle, CURLOPT_WRITEFUNCTION, ignore);
  curl_easy_setopt(slot->handle, CURLOPT_PRIVATE, slot);
  curl_easy_setopt(slot->handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(slot->handle, CURLOPT_PROXY, "");
  curl_easy_setopt(slot->handle, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(slot->handle, CURLOPT_TIMEOUT_MS, 15000L);
  curl_easy_setopt(slot->handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(slot->handle, CURLOPT_BUFFERSIZE, 4096L);
}

static void sign(amqp_bytes_t body, char text[static 48]) {
  unsigned char code[32];
  size_t count;
  EVP_MAC_init(mac, NULL, 0, NULL);
  EVP_MAC_update(mac, body.bytes, body.len);
  EVP_MAC_final(mac, code, &count, sizeof code);
  EVP_EncodeBlock((unsigned char *)text, code, sizeof code);
}

/* Starts one request of a message. */
static void start(Message *message) {
  Slot *slot = &slots[free_slots[--free_count]];
  amqp_message_t *event = &message->envelope.message;
  char signature[48];
  sign(event->body, signature);
  snprintf(slot->text, HEAD,
           "Content-Type: application/json; charset=utf-8\r\nWebhook-Signature: %s\r\n"
           "Webhook-Id: %.*s\r\nWebhook-Timestamp: %lld\r\nWebhook-Event: %.*s\r\n"
           "Webhook-Attempt: 1\r\nUser-Agent: Sealpost/1.0\r\nAccept:\r\nExpect:",
           signature, (int)event->properties.message_id.len,
           (char *)event->properties.message_id.bytes, (long long)time(NULL),
           (int)message->envelope.routing_key.len, (char *)message->envelope.routing_key.bytes);
  slot->message = message;
  message->unsent--;
  if (url_count > 1) curl_easy_setopt(slot->handle, CURLOPT_CURLU, urls[next_url++ % url_count]);
  curl_easy_setopt(slot->handle, CURLOPT_POSTFIELDS, event->body.bytes);
  curl_easy_setopt(slot->handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)event->body.len);
  curl_multi_add_handle(multi, slot->handle);
}

static void start_what_may(void) {
  while (free_count > 0 && next_sent < end) {
    if (message(next_sent)->unsent > 0) start(message(next_sent));
    else next_sent++;
  }
}

static void collect(void) {
  int left;
  CURLMsg *ended;
  while ((ended = curl_multi_info_read(multi, &left))) {
    Slot *slot;
    long status = 0;
    curl_easy_getinfo(ended->easy_handle, CURLINFO_PRIVATE, (char **)&slot);
    curl_easy_getinfo(slot->handle, CURLINFO_RESPONSE_CODE, &status);
    if (ended->data.result != CURLE_OK) fail(curl_easy_strerror(ended->data.result));
    if (status != 200 && status != 500) fail("a request was answered with neither 200 nor 500");
    curl_multi_remove_handle(multi, slot->handle);
    free_slots[free_count++] = (int)(slot - slots);
    if (--slot->message->pending == 0) slot->message->is_done = 1;
  }
}

/* Acknowledges the messages that are done up to the first that is not. */
static void acknowledge(uint64_t least) {
  uint64_t tag = first;
  while (tag < end && message(tag)->is_done) tag++;
  if (tag - first < least) return;
  if (amqp_basic_ack(connection, 1, tag - 1, 1) != AMQP_STATUS_OK) fail("acknowledging failed");
  for (; first < tag; first++) amqp_destroy_envelope(&message(first)->envelope);
  if (next_sent < first) next_sent = first;
}

/* Takes what the broker sent; 0 when there was no more. */
static int consume(int fan_out) {
  for (int count = 0; count < 256 && end - first < PREFETCH; count++) {
    struct timeval none = {0, 0};
    Message *held = message(end);
    amqp_rpc_reply_t reply = amqp_consume_message(connection, &held->envelope, &none, 0);
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
      if (reply.library_error == AMQP_STATUS_TIMEOUT) return 0;
      fail("consuming failed");
    }
    if (held->envelope.delivery_tag != end) fail("a delivery tag is out of order");
    held->pending = held->unsent = fan_out;
    held->is_done = 0;
    end++;
  }
  return 1;
}

static void connect_to(int port, const char *queue) {
  connection = amqp_new_connection();
  amqp_socket_t *socket = amqp_tcp_socket_new(connection);
  if (amqp_socket_open(socket, "127.0.0.1", port) != AMQP_STATUS_OK) fail("no broker");
  expect(amqp_login(connection, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"), "login");
  amqp_channel_open(connection, 1);
  expect(amqp_get_rpc_reply(connection), "no channel");
  amqp_basic_qos(connection, 1, 0, PREFETCH, 0);
  expect(amqp_get_rpc_reply(connection), "no prefetch");
  amqp_basic_consume(connection, 1, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, 0, 0,
                     amqp_empty_table);
  expect(amqp_get_rpc_reply(connection), "the queue cannot be consumed");
}

static void make_mac(void) {
  EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", "SHA256", 0),
                             OSSL_PARAM_construct_end()};
  mac = EVP_MAC_CTX_new(algorithm);
  if (!EVP_MAC_init(mac, (const unsigned char *)"s3cret", 6, parameters)) fail("no HMAC");
}

int main(int count, char **arguments) {
  if (count < 7) fail("usage: bare_loop PORT QUEUE FAN_OUT IN_FLIGHT AUTHORITIES URL...");
  int fan_out = atoi(arguments[3]), in_flight = atoi(arguments[4]);
  if (fan_out < 1 || in_flight < 1 || in_flight > MAXIMUM_IN_FLIGHT) fail("a number is out of range");
  for (; url_count < count - 6 && url_count < MAXIMUM_URLS; url_count++) {
    urls[url_count] = curl_url();
    if (curl_url_set(urls[url_count], CURLUPART_URL, arguments[6 + url_count], 0)) fail("a bad URL");
  }
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, on_end);
  curl_global_init(CURL_GLOBAL_ALL);
  make_mac();
  first = next_sent = end = 1;
  connect_to(atoi(arguments[1]), arguments[2]);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)in_flight + 1024);
  for (int index = 0; index < in_flight; index++) {
    make_slot(&slots[index], arguments[5]);
    free_slots[free_count++] = index;
  }
  int broker = amqp_get_sockfd(connection);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = broker};
  epoll_ctl(epoll, EPOLL_CTL_ADD, broker, &event);
  int has_more = 1, running;
  while (!is_ended) {
    struct epoll_event ready[256];
    long long wait = deadline < 0 ? 1000 : deadline - milliseconds();
    if (wait < 0 || (has_more && end - first < PREFETCH)) wait = 0;
    int found = epoll_wait(epoll, ready, 256, (int)(wait > 1000 ? 1000 : wait));
    for (int index = 0; index < found; index++) {
      if (ready[index].data.fd == broker) {
        has_more = 1;
        continue;
      }
      int mask = (ready[index].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                 (ready[index].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                 (ready[index].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
      curl_multi_socket_action(multi, ready[index].data.fd, mask, &running);
    }
    if (has_more) has_more = consume(fan_out);
    if (deadline >= 0 && deadline <= milliseconds()) {
      deadline = -1;
      curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    collect();
    start_what_may();
    acknowledge(found ? ACKNOWLEDGE_EVERY : 1);
    if (first == end) amqp_maybe_release_buffers(connection);
  }
  return 0;
}
