#include "tests/net/certificates.hpp"

#include "daemon/base/files.hpp"
#include "tests/support/temporary_directory.hpp"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace vanthu::net {

std::string output_of(const std::string& command) {
    std::FILE* pipe = ::popen(("( " + command + " ) 2>&1").c_str(), "r");
    std::string out;
    char chunk[4096];
    while (const std::size_t n = std::fread(chunk, 1, sizeof chunk, pipe)) out.append(chunk, n);
    ::pclose(pipe);
    return out;
}

const certificates& certificates::get() {
    static const test::temporary_directory kept; // until the program ends
    static const certificates made = [] {
        const std::string script = R"(set -e
ca() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.pem -days 30 -subj "/CN=$1" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign; }
leaf() { # name, CA, SAN, further arguments of openssl ca
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.csr -subj "/O=Văn phòng/CN=$1" -utf8
  printf "subjectAltName=$3\n" > $1.ext
  n=$1; c=$2; shift 3
  openssl ca -batch -notext -config ca.cnf -cert $c.pem -keyfile $c.key -in $n.csr -out $n.pem -extfile $n.ext -days 20 "$@"; }
cat > ca.cnf <<EOF
[ca]
default_ca=d
[d]
database=index.txt
new_certs_dir=.
rand_serial=yes
default_md=sha256
policy=p
unique_subject=no
[p]
organizationName=optional
commonName=supplied
EOF
touch index.txt
ca ca; ca other-ca
leaf server ca "DNS:localhost,IP:127.0.0.1,URI:urn:vanthu:org:H01"
leaf server2 ca "DNS:localhost,IP:127.0.0.1"
leaf client ca "URI:urn:vanthu:org:H02"
leaf expired ca "URI:urn:vanthu:org:H03" -startdate 200101000000Z -enddate 200201000000Z
leaf stranger other-ca "URI:urn:vanthu:org:H04"
echo made)";
        certificates c;
        c.folder = kept.path();
        (void)write_file_atomically(c / "make.sh", as_bytes(script));
        const std::string said = output_of("cd " + c.folder.string() + " && bash make.sh");
        if (!said.ends_with("made\n")) throw std::runtime_error(said);
        return c;
    }();
    return made;
}

digest spki_of_file(const std::filesystem::path& certificate) {
    const std::string hex = output_of("openssl x509 -in " + certificate.string() +
                                      " -noout -pubkey | openssl pkey -pubin -outform der | sha256sum");
    return *digest::from_hex(hex.substr(0, 64));
}

} // namespace vanthu::net
