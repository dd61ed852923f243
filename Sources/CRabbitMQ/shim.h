#ifndef SEALPOST_CRABBITMQ_SHIM_H
#define SEALPOST_CRABBITMQ_SHIM_H

/* Debian installs the headers flat, other systems under rabbitmq-c/. */
#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/framing.h>
#include <rabbitmq-c/ssl_socket.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#endif

/* amqp_login_with_properties() is variadic, which Swift does not import. */
static inline amqp_rpc_reply_t sealpost_login(amqp_connection_state_t state, const char *vhost,
                                              int frame_max, int heartbeat,
                                              const amqp_table_t *properties, const char *user,
                                              const char *password) {
  return amqp_login_with_properties(state, vhost, 0, frame_max, heartbeat, properties,
                                    AMQP_SASL_METHOD_PLAIN, user, password);
}

/* Macros with casts, which Swift does not import. */
static const uint32_t sealpost_basic_deliver = AMQP_BASIC_DELIVER_METHOD;
static const uint32_t sealpost_basic_cancel = AMQP_BASIC_CANCEL_METHOD;
static const uint32_t sealpost_basic_return = AMQP_BASIC_RETURN_METHOD;
static const uint32_t sealpost_basic_ack = AMQP_BASIC_ACK_METHOD;
static const uint32_t sealpost_basic_nack = AMQP_BASIC_NACK_METHOD;
static const uint32_t sealpost_channel_close = AMQP_CHANNEL_CLOSE_METHOD;
static const uint32_t sealpost_channel_close_ok = AMQP_CHANNEL_CLOSE_OK_METHOD;
static const uint32_t sealpost_connection_close = AMQP_CONNECTION_CLOSE_METHOD;
static const uint32_t sealpost_connection_blocked = AMQP_CONNECTION_BLOCKED_METHOD;
static const uint32_t sealpost_connection_unblocked = AMQP_CONNECTION_UNBLOCKED_METHOD;
static const uint16_t sealpost_basic_class = AMQP_BASIC_CLASS;

#endif
