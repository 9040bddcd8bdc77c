#include "tests/bench/load/sender.hpp"

#include <chrono>
#include <libpq-fe.h>
#include <thread>

namespace vanthu::bench {
namespace {

using answer = std::unique_ptr<PGresult, decltype(&PQclear)>;
using connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;

connection connect(const target& t, int port) {
    connection out(PQconnectdb(("host=" + t.host + " port=" + std::to_string(port) + " user=" + t.user + " password=" +
                                read_secret(t.secret_file) + " dbname=postgres sslmode=verify-full" + " sslrootcert='" +
                                t.ca + "' connect_timeout=30 options='-c client_min_messages=warning'")
                                   .c_str()),
                   PQfinish);
    if (PQstatus(out.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(out.get()));
    return out;
}

void must(const connection& c, const answer& a, ExecStatusType wanted) {
    if (PQresultStatus(a.get()) != wanted) throw std::runtime_error(PQerrorMessage(c.get()));
}

answer run(const connection& c, const char* statement, ExecStatusType wanted = PGRES_COMMAND_OK) {
    answer a(PQexec(c.get(), statement), PQclear);
    must(c, a, wanted);
    return a;
}

// One statement with one parameter in binary form.
void put(const connection& c, const char* prepared, const char* value, int length) {
    const int binary = 1;
    must(c, answer(PQexecPrepared(c.get(), prepared, 1, &value, &length, &binary, 1), PQclear), PGRES_COMMAND_OK);
}

void prepare_statement(const connection& c, const char* name, const char* statement) {
    must(c, answer(PQprepare(c.get(), name, statement, 0, nullptr), PQclear), PGRES_COMMAND_OK);
}

// A queue as one builds it on PostgreSQL: a row a document, an index of what waits, claimed with SKIP LOCKED.
class postgresql_sender final : public sender {
public:
    explicit postgresql_sender(const target& t) : connection_(connect(t, t.port)) {}
    void send(const document& d) override {
        if (!prepared_) prepare_statement(connection_, "put", "INSERT INTO documents (packet) VALUES ($1)");
        prepared_ = true;
        // Outside a transaction block: answered after its commit.
        put(connection_, "put", d.packet().data(), static_cast<int>(d.packet().size()));
    }
    std::string tls() const override {
        const char* protocol = PQsslAttribute(connection_.get(), "protocol");
        const char* cipher = PQsslAttribute(connection_.get(), "cipher");
        return protocol && cipher ? std::string(protocol) + " " + cipher : std::string();
    }

    void prepare() override {
        run(connection_, "CREATE TABLE IF NOT EXISTS documents (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
                         "due timestamptz NOT NULL DEFAULT now(), packet bytea NOT NULL)");
        // It does not compress: do not try.
        run(connection_, "ALTER TABLE documents ALTER COLUMN packet SET STORAGE EXTERNAL");
        run(connection_, "CREATE INDEX IF NOT EXISTS waiting ON documents (due)");
    }
    // What a worker may claim, so rows that are committed and whole.
    std::uint64_t count() override {
        answer a = run(connection_,
                       "SELECT count(*) FROM (SELECT id FROM documents WHERE length(packet) > 0 "
                       "FOR UPDATE SKIP LOCKED) claimable",
                       PGRES_TUPLES_OK);
        return std::stoull(PQgetvalue(a.get(), 0, 0));
    }
    void empty() override { run(connection_, "TRUNCATE documents"); }

private:
    connection connection_;
    bool prepared_ = false;
};

} // namespace

void relay_postgresql(const target& t, int next_port) {
    const connection from = connect(t, t.port), to = connect(t, next_port);
    prepare_statement(to, "put", "INSERT INTO documents (packet) VALUES ($1)");
    prepare_statement(from, "done", "DELETE FROM documents WHERE id = $1");
    for (;;) {
        run(from, "BEGIN");
        answer claimed(PQexecParams(from.get(),
                                    "SELECT id, packet FROM documents ORDER BY due LIMIT 1 FOR UPDATE SKIP LOCKED", 0,
                                    nullptr, nullptr, nullptr, nullptr, 1),
                       PQclear);
        must(from, claimed, PGRES_TUPLES_OK);
        const bool some = PQntuples(claimed.get()) == 1;
        if (some) { // there first, then no longer here: nothing is lost between the two commits
            put(to, "put", PQgetvalue(claimed.get(), 0, 1), PQgetlength(claimed.get(), 0, 1));
            put(from, "done", PQgetvalue(claimed.get(), 0, 0), PQgetlength(claimed.get(), 0, 0));
        }
        run(from, "COMMIT");
        if (!some) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

std::unique_ptr<sender> connect_postgresql(const target& t) { return std::make_unique<postgresql_sender>(t); }

} // namespace vanthu::bench
