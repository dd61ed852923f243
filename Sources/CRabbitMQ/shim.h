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

/* Macros with casts, which Swift does not import. */
static const uint32_t sealpost_connection_start = AMQP_CONNECTION_START_METHOD;
static const uint32_t sealpost_connection_start_ok = AMQP_CONNECTION_START_OK_METHOD;
static const uint32_t sealpost_connection_tune = AMQP_CONNECTION_TUNE_METHOD;
static const uint32_t sealpost_connection_tune_ok = AMQP_CONNECTION_TUNE_OK_METHOD;
static const uint32_t sealpost_connection_open = AMQP_CONNECTION_OPEN_METHOD;
static const uint32_t sealpost_connection_open_ok = AMQP_CONNECTION_OPEN_OK_METHOD;
static const uint32_t sealpost_connection_close = AMQP_CONNECTION_CLOSE_METHOD;
static const uint32_t sealpost_connection_close_ok = AMQP_CONNECTION_CLOSE_OK_METHOD;
static const uint32_t sealpost_connection_blocked = AMQP_CONNECTION_BLOCKED_METHOD;
static const uint32_t sealpost_connection_unblocked = AMQP_CONNECTION_UNBLOCKED_METHOD;
static const uint32_t sealpost_channel_open = AMQP_CHANNEL_OPEN_METHOD;
static const uint32_t sealpost_channel_open_ok = AMQP_CHANNEL_OPEN_OK_METHOD;
static const uint32_t sealpost_channel_close = AMQP_CHANNEL_CLOSE_METHOD;
static const uint32_t sealpost_channel_close_ok = AMQP_CHANNEL_CLOSE_OK_METHOD;
static const uint32_t sealpost_exchange_declare = AMQP_EXCHANGE_DECLARE_METHOD;
static const uint32_t sealpost_exchange_declare_ok = AMQP_EXCHANGE_DECLARE_OK_METHOD;
static const uint32_t sealpost_exchange_delete = AMQP_EXCHANGE_DELETE_METHOD;
static const uint32_t sealpost_exchange_delete_ok = AMQP_EXCHANGE_DELETE_OK_METHOD;
static const uint32_t sealpost_exchange_bind = AMQP_EXCHANGE_BIND_METHOD;
static const uint32_t sealpost_exchange_bind_ok = AMQP_EXCHANGE_BIND_OK_METHOD;
static const uint32_t sealpost_queue_declare = AMQP_QUEUE_DECLARE_METHOD;
static const uint32_t sealpost_queue_declare_ok = AMQP_QUEUE_DECLARE_OK_METHOD;
static const uint32_t sealpost_queue_bind = AMQP_QUEUE_BIND_METHOD;
static const uint32_t sealpost_queue_bind_ok = AMQP_QUEUE_BIND_OK_METHOD;
static const uint32_t sealpost_queue_delete = AMQP_QUEUE_DELETE_METHOD;
static const uint32_t sealpost_queue_delete_ok = AMQP_QUEUE_DELETE_OK_METHOD;
static const uint32_t sealpost_basic_qos = AMQP_BASIC_QOS_METHOD;
static const uint32_t sealpost_basic_qos_ok = AMQP_BASIC_QOS_OK_METHOD;
static const uint32_t sealpost_basic_consume = AMQP_BASIC_CONSUME_METHOD;
static const uint32_t sealpost_basic_consume_ok = AMQP_BASIC_CONSUME_OK_METHOD;
static const uint32_t sealpost_basic_deliver = AMQP_BASIC_DELIVER_METHOD;
static const uint32_t sealpost_basic_cancel = AMQP_BASIC_CANCEL_METHOD;
static const uint32_t sealpost_basic_cancel_ok = AMQP_BASIC_CANCEL_OK_METHOD;
static const uint32_t sealpost_basic_return = AMQP_BASIC_RETURN_METHOD;
static const uint32_t sealpost_basic_ack = AMQP_BASIC_ACK_METHOD;
static const uint32_t sealpost_basic_nack = AMQP_BASIC_NACK_METHOD;
static const uint32_t sealpost_confirm_select = AMQP_CONFIRM_SELECT_METHOD;
static const uint32_t sealpost_confirm_select_ok = AMQP_CONFIRM_SELECT_OK_METHOD;
static const uint16_t sealpost_basic_class = AMQP_BASIC_CLASS;

#endif
