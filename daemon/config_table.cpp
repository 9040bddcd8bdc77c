#include "daemon/config_table.hpp"

namespace vanthu {
namespace {
using namespace config;
using enum config::type;

constexpr section sections[] = {
    {"node", "Nút này là ai.", "Who this node is."},
    {"registry", "Sổ đăng ký cơ quan, mã định danh và tuyến gửi.", "The register of organisations, codes and routes."},
    {"store", "Kho văn bản trên đĩa.", "The store of documents on disk."},
    {"listen.api", "Cổng HTTPS cho các hệ thống eOffice.", "The HTTPS listener for eOffice systems."},
    {"listen.peer", "Cổng HTTPS (TLS hai chiều) cho các vanthu khác.", "The mutual TLS listener for other vanthu."},
    {"listen.operator", "Cổng cho người vận hành: trang theo dõi và /metrics.",
     "The operator's listener: pages and /metrics."},
    {"threads", "Số luồng xử lý.", "Numbers of threads."},
    {"signing", "Khóa và chứng thư của dịch vụ. Khóa của cơ quan không bao giờ do daemon tự dùng.",
     "Keys and certificates of the service. The agency's key is never used by the daemon alone."},
    {"inspect", "Tiến trình riêng kiểm tra tệp không tin cậy.", "The separate process that inspects untrusted files."},
    {"policy",
     "Kết luận về chữ ký dẫn tới việc gì: accept = nhận; information = nhận để biết; hold = giữ chờ người xử lý; "
     "refuse = từ chối.",
     "What a verdict on the signatures leads to: accept; information = accepted for information; hold = kept for a "
     "person; refuse."},
    {"limits", "Giới hạn của một gói tin.", "Limits of one packet."},
    {"delivery", "Gửi đi và gửi lại.", "Delivery and retries."},
    {"pressure", "Mức giới hạn để tạm ngừng nhận văn bản mới (503, Retry-After); nhận lại khi đã lùi 10 %.",
     "Marks beyond which no new documents are taken (503, Retry-After); taken again when back by 10 %."},
    {"reconcile", "Đối soát với các nút khác.", "Comparing records with other nodes."},
    {"inbox", "Hộp văn bản đến.", "The inbox."},
    {"calendar", "Giờ làm việc và thời hạn (docs/working-time.md).",
     "Working time and deadlines (docs/working-time.md)."},
    {"log", "Nhật ký vận hành.", "The operational log."},
};

constexpr std::string_view actions = "accept|information|hold|refuse";
constexpr std::string_view transit_actions = "accept|information|hold";

constexpr row rows[] = {
    // clang-format off: one row reads better as two or three lines than as ten
    {.key = "node.id", .kind = string, .traits = required, .example = "vanthu-xa-01",
     .vi = "Mã của nút này trong sổ đăng ký.", .en = "The id of this node in the registry."},
    {.key = "node.organisation", .kind = string, .traits = required, .example = "000.00.00.H00",
     .vi = "Mã định danh của cơ quan vận hành nút này.", .en = "The code of the organisation that runs this node."},

    {.key = "registry.file", .kind = path, .fallback = "/etc/vanthu/registry.toml", .traits = reloadable | input,
     .vi = "Tệp sổ đăng ký.", .en = "The registry file."},

    {.key = "store.directory", .kind = path, .fallback = "/var/lib/vanthu",
     .vi = "Thư mục của kho.", .en = "The directory of the store."},
    {.key = "store.inline_limit", .kind = size, .fallback = "64 KiB", .min = "0 B", .max = "1 MiB",
     .vi = "Nội dung nhỏ hơn mức này nằm ngay trong cơ sở dữ liệu.",
     .en = "A payload up to this size is kept inside the database."},
    {.key = "store.segment_limit", .kind = size, .fallback = "1 MiB", .min = "64 KiB", .max = "64 MiB",
     .vi = "Nội dung đến mức này nằm trong tệp phân đoạn; lớn hơn thì có tệp riêng.",
     .en = "A payload up to this size goes into a segment file; a larger one gets a file of its own."},
    {.key = "store.minimum_free", .kind = size, .fallback = "1 GiB", .min = "16 MiB", .max = "16 TiB",
     .vi = "Đĩa còn trống ít hơn mức này thì ngừng nhận văn bản.",
     .en = "With less free disk space than this nothing is accepted any more."},
    {.key = "store.reserve", .kind = size, .fallback = "1 GiB", .min = "0 B", .max = "16 TiB",
     .vi = "Phần đĩa trên minimum_free dành cho trạng thái, biên nhận và chuyển đi: chạm tới thì tạm ngừng nhận văn bản mới (503).",
     .en = "Disk above minimum_free kept for statuses, receipts and delivery: where it is touched, new documents are refused (503)."},
    {.key = "store.encryption_key", .kind = path, .traits = secret_path | input, .example = "credential:store-key",
     .vi = "Tệp khóa mã hóa nội dung lưu trữ; không đặt thì không mã hóa.",
     .en = "The key file that encrypts stored payloads; without it they are not encrypted."},
    {.key = "store.backup_directory", .kind = path, .example = "/var/backups/vanthu",
     .vi = "Thư mục chứa các bản sao lưu (vanthu backup), nên ở ổ đĩa khác; không đặt thì không sao lưu được.",
     .en = "Where backups go (vanthu backup), best on another disk; without it none is made."},
    {.key = "store.spool_quota", .kind = size, .fallback = "4 GiB", .min = "16 MiB", .max = "16 TiB",
     .vi = "Dung lượng tối đa của vùng tạm cho gói tin đang nhận.",
     .en = "The most that packets still being received may occupy."},

    {.key = "listen.api.address", .kind = string, .fallback = "127.0.0.1:8443",
     .vi = "Địa chỉ IP và cổng.", .en = "IP address and port."},
    {.key = "listen.api.certificate", .kind = path, .traits = required | reloadable | input,
     .example = "/etc/vanthu/tls/api.crt",
     .vi = "Chứng thư máy chủ (PEM, cả chuỗi).", .en = "The server certificate (PEM, with its chain)."},
    {.key = "listen.api.key", .kind = path, .traits = required | reloadable | secret_path | input,
     .example = "/etc/vanthu/tls/api.key",
     .vi = "Khóa bí mật của chứng thư máy chủ.", .en = "The private key of the server certificate."},
    {.key = "listen.api.credentials", .kind = path, .fallback = "/etc/vanthu/credentials.toml",
     .traits = reloadable | secret_path | input,
     .vi = "Tệp khóa API (đã băm) của các eOffice, kèm cơ quan và quyền.",
     .en = "The file of API keys (hashed) of the eOffice systems, with their organisations and rights."},
    {.key = "listen.api.max_connections", .kind = integer, .fallback = "1000", .min = "1", .max = "100000",
     .unit = "connections",
     .vi = "Số kết nối đồng thời tối đa.", .en = "The most connections at one time."},
    {.key = "listen.api.max_connections_per_address", .kind = integer, .fallback = "250", .min = "1", .max = "100000",
     .unit = "connections",
     .vi = "Trong đó từ một địa chỉ ở xa (IPv4, hoặc /64 của IPv6); loopback không bị giới hạn. Tăng lên nếu có proxy ngược ở máy khác.",
     .en = "Of them from one remote address (IPv4, or an IPv6 /64); loopback is not bounded. Raise it for a reverse proxy on another machine."},
    {.key = "listen.api.body_limit", .kind = size, .fallback = "2 GiB", .min = "64 KiB", .max = "64 GiB",
     .vi = "Kích thước tối đa của một yêu cầu.", .en = "The largest body of one request."},

    {.key = "listen.peer.address", .kind = string, .example = "0.0.0.0:8444",
     .vi = "Địa chỉ IP và cổng; không đặt thì không nghe.",
     .en = "IP address and port; without it there is no listener."},
    {.key = "listen.peer.certificate", .kind = path, .traits = reloadable | input,
     .example = "/etc/vanthu/tls/peer.crt",
     .vi = "Chứng thư của nút, dùng khi nghe và khi gọi.",
     .en = "The node's certificate, for listening and for calling."},
    {.key = "listen.peer.key", .kind = path, .traits = reloadable | secret_path | input,
     .example = "/etc/vanthu/tls/peer.key",
     .vi = "Khóa bí mật của chứng thư này.", .en = "The private key of that certificate."},
    {.key = "listen.peer.ca", .kind = path, .traits = reloadable | input, .example = "/etc/vanthu/tls/peer-ca.crt",
     .vi = "Các CA được ghim để kiểm tra vanthu khác.", .en = "The pinned CAs against which other vanthu are checked."},

    {.key = "listen.operator.address", .kind = string, .fallback = "unix:/run/vanthu/operator.sock",
     .vi = "\"unix:ĐƯỜNG_DẪN\" hoặc địa chỉ IP và cổng; ngoài loopback thì bắt buộc TLS hai chiều.",
     .en = "\"unix:PATH\" or IP address and port; anything but loopback needs mutual TLS."},
    {.key = "listen.operator.secret_file", .kind = path, .traits = reloadable | secret_path | input,
     .example = "credential:operator-secret",
     .vi = "Tệp chứa mã truy cập (bearer); bắt buộc với địa chỉ loopback.",
     .en = "The file of the bearer secret; required for a loopback address."},
    {.key = "listen.operator.certificate", .kind = path, .traits = input, .example = "/etc/vanthu/tls/operator.crt",
     .vi = "Chứng thư máy chủ cho địa chỉ ngoài loopback.", .en = "The server certificate for other addresses."},
    {.key = "listen.operator.key", .kind = path, .traits = secret_path | input,
     .example = "/etc/vanthu/tls/operator.key",
     .vi = "Khóa bí mật của chứng thư này.", .en = "The private key of that certificate."},
    {.key = "listen.operator.ca", .kind = path, .traits = input, .example = "/etc/vanthu/tls/operator-ca.crt",
     .vi = "CA cấp chứng thư cho người vận hành.", .en = "The CA of the operators' certificates."},

    {.key = "threads.io", .kind = integer, .fallback = "2", .min = "1", .max = "64", .unit = "threads",
     .vi = "Luồng mạng, mỗi luồng giữ các kết nối của mình.", .en = "Network threads, each with its own connections."},
    {.key = "threads.disk", .kind = integer, .fallback = "4", .min = "1", .max = "64", .unit = "threads",
     .vi = "Luồng đọc ghi đĩa.", .en = "Threads for disk work."},
    {.key = "threads.crypto", .kind = integer, .fallback = "2", .min = "1", .max = "64", .unit = "threads",
     .vi = "Luồng tính mật mã.", .en = "Threads for cryptography."},

    {.key = "signing.log_key", .kind = path, .traits = required | secret_path | input,
     .example = "/etc/vanthu/keys/log.key",
     .vi = "Khóa Ed25519 ký đầu nhật ký biên nhận; nên là \"credential:log-key\".",
     .en = "The Ed25519 key that signs the heads of the receipt log; best \"credential:log-key\"."},
    {.key = "signing.log_key_delegation", .kind = path, .traits = required | input,
     .example = "/etc/vanthu/keys/log-key-delegation.json",
     .vi = "Văn bản ủy quyền có thời hạn cho khóa nhật ký, do chứng thư dịch vụ hoặc cơ quan ký.",
     .en = "The dated delegation of the log key, signed with the service's or organisation's certificate."},
    {.key = "signing.service_certificate", .kind = path, .traits = required | input,
     .example = "/etc/vanthu/keys/service.crt",
     .vi = "Chứng thư dịch vụ, dùng cho chữ ký nguồn gốc và biên nhận.",
     .en = "The service certificate, for origin signatures and receipts."},
    {.key = "signing.service_key", .kind = path, .traits = required | secret_path | input,
     .example = "/etc/vanthu/keys/service.key",
     .vi = "Khóa bí mật của chứng thư dịch vụ.", .en = "The private key of the service certificate."},
    {.key = "signing.agency_keys", .kind = strings,
     .example = "pkcs11:token=VAN-THU;object=con-dau,/etc/vanthu/keys/agency.key",
     .vi = "Khóa của cơ quan và người ký (tệp khóa, tệp chứng thư hoặc URI pkcs11:); chỉ để từ chối dùng chung khóa.",
     .en = "Keys of the agency and its signers (key files, certificate files or pkcs11: URIs); only refused in a second role."},
    {.key = "signing.trust_directory", .kind = path, .fallback = "/etc/vanthu/trust", .traits = reloadable | input,
     .vi = "Thư mục chứng thư gốc và trung gian được tin cậy.", .en = "Trusted root and intermediate certificates."},
    {.key = "signing.crl_directory", .kind = path, .traits = reloadable | input, .example = "/var/lib/vanthu/crl",
     .vi = "Thư mục danh sách thu hồi (CRL) có sẵn.", .en = "Certificate revocation lists at hand."},

    {.key = "inspect.enabled", .kind = boolean, .fallback = "true",
     .vi = "Xem xét tệp PDF (chữ ký, dấu mật) trước khi nhận; tắt thì mọi kết luận là \"indeterminate\" và PDF gửi từ đây "
           "phải chờ người vận hành.",
     .en = "Look at PDFs (signatures, secrecy markings) before accepting; without it every verdict is \"indeterminate\" "
           "and PDFs submitted here wait for an operator."},
    {.key = "inspect.executable", .kind = path, .fallback = "/usr/libexec/vanthu/vanthu-inspect", .traits = input,
     .vi = "Chương trình kiểm tra.", .en = "The inspecting program."},
    {.key = "inspect.policy", .kind = path, .traits = reloadable | input, .example = "/etc/vanthu/verification-policy.toml",
     .vi = "Tệp quy tắc kiểm tra chữ ký (mẫu: conf/verification-policy.toml); thiếu thì dùng quy tắc mặc định.",
     .en = "Rules by which signatures are judged (sample: conf/verification-policy.toml); otherwise the built-in ones."},
    {.key = "inspect.workers", .kind = integer, .fallback = "2", .min = "1", .max = "64", .unit = "processes",
     .vi = "Số tiến trình kiểm tra cùng lúc.", .en = "Inspecting processes at one time."},
    {.key = "inspect.time_limit", .kind = duration, .fallback = "20s", .min = "1s", .max = "10m",
     .vi = "Thời gian xử lý tối đa cho một tệp; quá mức là \"indeterminate\".",
     .en = "The most time for one file; beyond it the verdict is \"indeterminate\"."},
    {.key = "inspect.memory_limit", .kind = size, .fallback = "512 MiB", .min = "64 MiB", .max = "64 GiB",
     .vi = "Bộ nhớ tối đa của một tiến trình.", .en = "The most memory of one process."},

    {.key = "policy.issue.valid", .kind = enumeration, .fallback = "accept", .choices = actions, .traits = reloadable,
     .vi = "Cơ quan mình phát hành, chữ ký hợp lệ.", .en = "Issued here, signatures valid."},
    {.key = "policy.issue.invalid", .kind = enumeration, .fallback = "refuse", .choices = actions, .traits = reloadable,
     .vi = "Cơ quan mình phát hành, chữ ký không hợp lệ.", .en = "Issued here, a signature is invalid."},
    {.key = "policy.issue.indeterminate", .kind = enumeration, .fallback = "hold", .choices = actions,
     .traits = reloadable,
     .vi = "Cơ quan mình phát hành, chưa kết luận được.", .en = "Issued here, no verdict possible yet."},
    {.key = "policy.issue.unsigned", .kind = enumeration, .fallback = "information", .choices = actions,
     .traits = reloadable,
     .vi = "Cơ quan mình phát hành, không có chữ ký.", .en = "Issued here, without a signature."},
    {.key = "policy.issue.damaged", .kind = enumeration, .fallback = "refuse", .choices = actions, .traits = reloadable,
     .vi = "Cơ quan mình phát hành, tệp hỏng.", .en = "Issued here, a file is damaged."},

    {.key = "policy.transit.valid", .kind = enumeration, .fallback = "accept", .choices = transit_actions,
     .traits = reloadable,
     .vi = "Chuyển tiếp, chữ ký hợp lệ.", .en = "In transit, signatures valid."},
    {.key = "policy.transit.invalid", .kind = enumeration, .fallback = "accept", .choices = transit_actions,
     .traits = reloadable,
     .vi = "Chuyển tiếp, chữ ký không hợp lệ; khi chuyển tiếp không bao giờ từ chối vì chữ ký.",
     .en = "In transit, a signature is invalid; transit never refuses for a signature."},
    {.key = "policy.transit.indeterminate", .kind = enumeration, .fallback = "accept", .choices = transit_actions,
     .traits = reloadable,
     .vi = "Chuyển tiếp, chưa kết luận được; khi chuyển tiếp không bao giờ từ chối vì chữ ký.",
     .en = "In transit, no verdict possible; transit never refuses for a signature."},
    {.key = "policy.transit.unsigned", .kind = enumeration, .fallback = "accept", .choices = transit_actions,
     .traits = reloadable,
     .vi = "Chuyển tiếp, không có chữ ký; khi chuyển tiếp không bao giờ từ chối vì chữ ký.",
     .en = "In transit, without a signature; transit never refuses for a signature."},
    {.key = "policy.transit.damaged", .kind = enumeration, .fallback = "accept", .choices = transit_actions,
     .traits = reloadable,
     .vi = "Chuyển tiếp, tệp hỏng; khi chuyển tiếp không bao giờ từ chối vì chữ ký.",
     .en = "In transit, a file is damaged; transit never refuses for a signature."},

    {.key = "policy.final.valid", .kind = enumeration, .fallback = "accept", .choices = actions, .traits = reloadable,
     .vi = "Gửi đến đây, chữ ký hợp lệ.", .en = "For us, signatures valid."},
    {.key = "policy.final.invalid", .kind = enumeration, .fallback = "refuse", .choices = actions, .traits = reloadable,
     .vi = "Gửi đến đây, chữ ký không hợp lệ.", .en = "For us, a signature is invalid."},
    {.key = "policy.final.indeterminate", .kind = enumeration, .fallback = "information", .choices = actions,
     .traits = reloadable,
     .vi = "Gửi đến đây, chưa kết luận được.", .en = "For us, no verdict possible yet."},
    {.key = "policy.final.unsigned", .kind = enumeration, .fallback = "information", .choices = actions,
     .traits = reloadable,
     .vi = "Gửi đến đây, không có chữ ký.", .en = "For us, without a signature."},
    {.key = "policy.final.damaged", .kind = enumeration, .fallback = "refuse", .choices = actions, .traits = reloadable,
     .vi = "Gửi đến đây, tệp hỏng.", .en = "For us, a file is damaged."},

    {.key = "policy.final_refusal", .kind = enumeration, .fallback = "draft", .choices = "draft|send",
     .traits = reloadable,
     .vi = "Từ chối văn bản đến: soạn trạng thái 02 cho văn thư duyệt (draft) hay gửi ngay (send).",
     .en = "A refusal at the end: status 02 is drafted for the clerk (draft) or sent at once (send)."},
    {.key = "policy.timestamp", .kind = enumeration, .fallback = "preferred", .choices = "required|preferred",
     .vi = "Dấu thời gian khi tạo chữ ký: bắt buộc (chờ, không hạ mức) hay nên có.",
     .en = "Time stamps on signatures made here: required (waits, never lowered) or preferred."},

    {.key = "limits.packet_size", .kind = size, .fallback = "2 GiB", .min = "64 KiB", .max = "64 GiB",
     .vi = "Kích thước tối đa của một gói tin.", .en = "The largest packet."},
    {.key = "limits.attachments", .kind = integer, .fallback = "200", .min = "1", .max = "10000",
     .unit = "attachments",
     .vi = "Số tệp đính kèm tối đa.", .en = "The most attachments of one packet."},
    {.key = "limits.recipients", .kind = integer, .fallback = "5000", .min = "1", .max = "10000",
     .unit = "recipients",
     .vi = "Số nơi nhận tối đa.", .en = "The most recipients of one packet."},
    {.key = "limits.header_size", .kind = size, .fallback = "8 MiB", .min = "64 KiB", .max = "64 MiB",
     .vi = "Kích thước tối đa của phần đầu gói tin (không kể tệp đính kèm).",
     .en = "The largest header of a packet, attachments not counted."},
    {.key = "limits.inflate_ratio", .kind = integer, .fallback = "100", .min = "2", .max = "1000", .unit = "times",
     .vi = "Tỷ lệ giải nén tối đa.", .en = "The most that compressed content may grow."},
    {.key = "limits.inflate_size", .kind = size, .fallback = "2 GiB", .min = "1 MiB", .max = "64 GiB",
     .vi = "Dung lượng tối đa sau giải nén.", .en = "The largest size after decompression."},

    {.key = "delivery.attempts", .kind = integer, .fallback = "100", .min = "1", .max = "100000",
     .unit = "attempts",
     .vi = "Số lần gửi tối đa trước khi dừng lại chờ người vận hành.",
     .en = "The most attempts before a consignment is parked for the operator."},
    {.key = "delivery.first_retry", .kind = duration, .fallback = "30s", .min = "1s", .max = "1h",
     .vi = "Chờ trước lần gửi lại đầu tiên.", .en = "The wait before the first retry."},
    {.key = "delivery.longest_retry", .kind = duration, .fallback = "1h", .min = "1s", .max = "1d",
     .vi = "Khoảng chờ dài nhất giữa hai lần gửi.", .en = "The longest wait between two attempts."},
    {.key = "delivery.expiry", .kind = duration, .fallback = "7d", .min = "1m", .max = "90d",
     .vi = "Sau thời gian này mà chưa gửi được thì báo hết hạn cho nơi gửi.",
     .en = "What could not be delivered after this time expires, and its sender is told."},
    {.key = "delivery.expiry_warning", .kind = duration, .fallback = "1d", .min = "1s", .max = "90d",
     .vi = "Cảnh báo trước khi hết hạn chừng này (sớm nhất là sau nửa thời hạn).",
     .en = "It is warned of this long before (at the earliest after half of the time)."},
    {.key = "delivery.concurrency", .kind = integer, .fallback = "16", .min = "1", .max = "256",
     .unit = "attempts per destination",
     .vi = "Số lần gửi đồng thời tới một nơi, nhiều nhất; bắt đầu từ một, tăng dần khi nơi đó trả lời, giảm nửa khi lỗi.",
     .en = "The most attempts at one time to one destination: begins with one, grows with answers, halves on a failure."},
    {.key = "delivery.failures_to_open", .kind = integer, .fallback = "5", .min = "1", .max = "1000",
     .unit = "failures in a row",
     .vi = "Nơi nhận lỗi chừng này lần liên tiếp thì ngừng gửi, chỉ thử liên lạc lại từng lần một.",
     .en = "After so many failures of a destination nothing goes there but single probes."},
    {.key = "delivery.first_probe", .kind = duration, .fallback = "10s", .min = "1s", .max = "1h",
     .vi = "Chờ trước lần thử liên lạc lại đầu tiên.", .en = "The wait before the first probe."},
    {.key = "delivery.longest_probe", .kind = duration, .fallback = "5m", .min = "1s", .max = "1d",
     .vi = "Khoảng chờ dài nhất giữa hai lần thử liên lạc lại.", .en = "The longest wait between two probes."},
    {.key = "delivery.request_timeout", .kind = duration, .fallback = "2m", .min = "1s", .max = "1h",
     .vi = "Thời gian chờ tối đa của một yêu cầu.", .en = "The most time of one request."},
    {.key = "delivery.notice_interval", .kind = duration, .fallback = "10s", .min = "1s", .max = "1h",
     .vi = "Chu kỳ gửi thông báo vận chuyển cho nút trước.",
     .en = "How often transport notices go back to the previous hop."},

    {.key = "pressure.transfers", .kind = integer, .fallback = "2000000", .min = "1", .max = "100000000",
     .unit = "transfers",
     .vi = "Số lượt chuyển đang chờ, nhiều nhất (mỗi lượt chiếm khoảng 100 byte bộ nhớ).",
     .en = "The most transfers that may wait (each takes some 100 bytes of memory)."},
    {.key = "pressure.bytes", .kind = size, .fallback = "1 TiB", .min = "1 MiB", .max = "1024 TiB",
     .vi = "Tổng dung lượng gói tin đang chờ chuyển, nhiều nhất.", .en = "The most bytes of packets that may wait."},
    {.key = "pressure.memory", .kind = size, .fallback = "2 GiB", .min = "64 MiB", .max = "1 TiB",
     .vi = "Bộ nhớ của dịch vụ (thường trú), nhiều nhất.", .en = "The most memory of the daemon (resident)."},

    {.key = "reconcile.every", .kind = duration, .fallback = "1d", .min = "0s", .max = "30d",
     .vi = "Chu kỳ tự đối soát với từng nút; 0s: chỉ khi người vận hành yêu cầu (vanthu reconcile).",
     .en = "How often each node is compared with; 0s: only when asked (vanthu reconcile)."},
    {.key = "reconcile.window", .kind = duration, .fallback = "30d", .min = "1h", .max = "3650d",
     .vi = "Đối soát các gói tin trong khoảng thời gian này trở lại đây.",
     .en = "How far back packets are compared."},

    {.key = "inbox.not_fetched_after", .kind = integer, .fallback = "4", .min = "1", .max = "400",
     .unit = "working hours", .traits = reloadable,
     .vi = "Sau số giờ làm việc này mà eOffice chưa lấy thì hai bên thấy \"đã đến cửa, chưa lấy\".",
     .en = "Not acknowledged for this long: both sides see \"at the receiver's door, not fetched\"."},

    {.key = "calendar.file", .kind = path, .traits = reloadable | input, .example = "/etc/vanthu/calendar.toml",
     .vi = "Tệp lịch làm việc (mẫu: conf/calendar.toml); thiếu thì thứ Hai đến thứ Sáu, không có ngày lễ.",
     .en = "The office calendar (sample: conf/calendar.toml); otherwise Monday to Friday, without holidays."},
    {.key = "calendar.urgent_limit", .kind = duration, .fallback = "30m", .min = "1m", .max = "24h",
     .traits = reloadable,
     .vi = "Văn bản khẩn phải gửi, phải vào sổ \"ngay\": trong thời gian này.",
     .en = "Urgent documents are to be sent and registered \"at once\": within this time."},
    {.key = "calendar.warn_before", .kind = duration, .fallback = "2h", .min = "0s", .max = "100h",
     .traits = reloadable,
     .vi = "Cảnh báo sắp hết hạn trước chừng này thời gian làm việc.",
     .en = "A deadline is \"due soon\" this much working time before it."},

    {.key = "log.level", .kind = enumeration, .fallback = "info", .choices = "debug|info|warning|error",
     .traits = reloadable,
     .vi = "Mức thấp nhất được ghi.", .en = "The lowest level that is written."},
    {.key = "log.format", .kind = enumeration, .fallback = "text", .choices = "text|json", .traits = reloadable,
     .vi = "Dạng của dòng nhật ký.", .en = "The form of a line."},
    {.key = "log.destination", .kind = enumeration, .fallback = "stderr", .choices = "stderr|journal",
     .traits = reloadable,
     .vi = "Nơi ghi nhật ký.", .en = "Where lines go."},
    // clang-format on
};
} // namespace

const config::definition& daemon_config_table() {
    static constexpr definition table{sections, rows};
    return table;
}

std::string sample_config() {
    return sample_file(daemon_config_table(),
                       "# Cấu hình của vanthud. Dòng bắt đầu bằng \"#tên = \" là giá trị mặc định hoặc ví dụ.\n"
                       "# Configuration of vanthud. A line \"#name = \" shows a default or an example.\n"
                       "# Made by: vanthud --print-sample-config\n");
}

std::string config_reference() {
    return reference_page(
        daemon_config_table(),
        "# Configuration of vanthud\n\n"
        "Made by `vanthud --print-config-reference` from the rows in daemon/config_table.cpp; edit the rows, not this "
        "page.\n\n"
        "The file is TOML 1.0. Unknown keys are errors. `vanthud --check-config FILE` reports every problem at once, "
        "each\n"
        "with file, line and column. Relative paths start at the directory of the file. A path `credential:NAME` is "
        "the\n"
        "file NAME in the directory that systemd names in `$CREDENTIALS_DIRECTORY` (`LoadCredential=`). Durations are\n"
        "written \"250ms\", \"30s\", \"5m\", \"2h\", \"7d\", sizes \"512 B\", \"64 KiB\", \"1 MiB\", \"2 GiB\", \"1 "
        "TiB\".\n"
        "Keys marked SIGHUP take effect on a reload, all others on a restart. Errors have the codes `config.*` of\n"
        "[errors.md](errors.md).\n");
}

} // namespace vanthu
