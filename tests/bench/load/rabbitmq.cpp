#include "tests/bench/load/sender.hpp"

#include <amqp.h>
#include <amqp_ssl_socket.h>

namespace vanthu::bench {
namespace {

constexpr const char* queue_name = "documents";
constexpr amqp_channel_t channel = 1;
constexpr int frame_max = 131'072; // the server's default

amqp_bytes_t view(const char* text) { return amqp_cstring_bytes(text); }

class amqp_sender final : public sender {
public:
    explicit amqp_sender(const target& t) : connection_(amqp_new_connection()) {
        amqp_socket_t* socket = amqp_ssl_socket_new(connection_);
        if (!socket || amqp_ssl_socket_set_cacert(socket, t.ca.c_str()) != AMQP_STATUS_OK)
            throw std::runtime_error("no CA certificates in " + t.ca);
        amqp_ssl_socket_set_verify_peer(socket, 1);
        amqp_ssl_socket_set_verify_hostname(socket, 1);
        amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST);
        if (int status = amqp_socket_open(socket, t.host.c_str(), t.port); status != AMQP_STATUS_OK)
            throw std::runtime_error(std::string("no connection: ") + amqp_error_string2(status));
        must(amqp_login(connection_, "/", 0, frame_max, 0, AMQP_SASL_METHOD_PLAIN, t.user.c_str(),
                        read_secret(t.secret_file).c_str()),
             "login");
        amqp_channel_open(connection_, channel);
        must(amqp_get_rpc_reply(connection_), "channel");
        amqp_confirm_select(connection_, channel);
        must(amqp_get_rpc_reply(connection_), "confirms");
    }
    ~amqp_sender() override {
        amqp_connection_close(connection_, AMQP_REPLY_SUCCESS);
        amqp_destroy_connection(connection_);
    }
    void send(const document& d) override {
        amqp_basic_properties_t properties{};
        properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_CONTENT_TYPE_FLAG;
        properties.content_type = view("application/xml");
        properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
        amqp_bytes_t body{d.packet().size(), const_cast<char*>(d.packet().data())};
        // mandatory: a message that no queue took comes back instead of being confirmed for nothing
        int status =
            amqp_basic_publish(connection_, channel, amqp_empty_bytes, view(queue_name), 1, 0, &properties, body);
        if (status != AMQP_STATUS_OK) throw std::runtime_error(std::string("publish: ") + amqp_error_string2(status));
        amqp_frame_t frame;
        amqp_maybe_release_buffers(connection_);
        status = amqp_simple_wait_frame(connection_, &frame);
        if (status != AMQP_STATUS_OK) throw std::runtime_error(std::string("confirm: ") + amqp_error_string2(status));
        if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
            throw std::runtime_error("RabbitMQ did not confirm a message");
    }

    void prepare() override { declare(false); }
    std::uint64_t count() override { return declare(true); }
    void empty() override {
        amqp_queue_purge(connection_, channel, view(queue_name));
        must(amqp_get_rpc_reply(connection_), "purge");
    }

private:
    std::uint64_t declare(bool passive) {
        amqp_table_entry_t type{};
        type.key = view("x-queue-type");
        type.value.kind = AMQP_FIELD_KIND_UTF8;
        type.value.value.bytes = view("quorum");
        amqp_table_t arguments{1, &type};
        auto* ok = amqp_queue_declare(connection_, channel, view(queue_name), passive, 1, 0, 0, arguments);
        must(amqp_get_rpc_reply(connection_), "queue");
        return ok->message_count;
    }
    static void must(const amqp_rpc_reply_t& reply, const std::string& what) {
        if (reply.reply_type == AMQP_RESPONSE_NORMAL) return;
        throw std::runtime_error("AMQP " + what + ": " +
                                 (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION
                                      ? amqp_error_string2(reply.library_error)
                                      : "refused by the server"));
    }
    amqp_connection_state_t connection_;
};

} // namespace

std::unique_ptr<sender> connect_rabbitmq(const target& t) { return std::make_unique<amqp_sender>(t); }

} // namespace vanthu::bench
