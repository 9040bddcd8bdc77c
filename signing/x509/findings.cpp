#include "signing/x509/findings.hpp"

#include "signing/finding_table.hpp"

namespace vanthu::x509 {
namespace {

constexpr signing::finding_row texts[] = {
    {"x509.no_chain", "Không dựng được chuỗi chứng thư số đến một gốc tin cậy.",
     "No certificate chain leads to a trusted root."},
    {"x509.trust_list_outdated",
     "Danh sách tin cậy nêu gốc của chuỗi chứng thư số đã quá hạn cập nhật; cần tải danh sách mới.",
     "The trust list that names the root of the chain is past its next update; fetch the new one."},
    {"x509.anchor_for_other_service",
     "Danh sách tin cậy không công nhận gốc của chuỗi chứng thư số cho loại dịch vụ này.",
     "The trust list does not grant the root of the chain for this kind of service."},
    {"x509.anchor_not_granted_then",
     "Theo danh sách tin cậy, gốc của chuỗi chứng thư số không được công nhận vào thời điểm xét.",
     "By the trust list the root of the chain was not granted at the time in question."},
    {"x509.anchor_withdrawn",
     "Theo danh sách tin cậy, gốc của chuỗi chứng thư số đã thôi được công nhận; không chứng minh được những gì nó ký "
     "có từ trước đó.",
     "By the trust list the root of the chain is no longer granted; nothing proves that what it signed is older."},
    {"x509.chain_broken", "Chữ ký trên một chứng thư số trong chuỗi không đúng.",
     "The signature on a certificate of the chain is wrong."},
    {"x509.chain_constraint", "Một chứng thư số trong chuỗi vi phạm ràng buộc của chuỗi.",
     "A certificate of the chain violates a constraint of the chain."},
    {"x509.wrong_purpose", "Chứng thư số không được cấp cho mục đích ký này.",
     "The certificate was not issued for this kind of signature."},
    {"x509.extended_key_usage", "Mục đích sử dụng mở rộng (EKU) của chứng thư số không gồm việc ký tài liệu.",
     "The certificate's extended key usage has no purpose that signing documents falls under."},
    {"x509.ca_as_signer", "Chứng thư số của cơ quan chứng thực không dùng để ký tài liệu.",
     "A CA's certificate is not for signing documents."},
    {"x509.weak_certificate_signature", "Một chứng thư số trong chuỗi được ký bằng thuật toán yếu (ví dụ SHA-1).",
     "A certificate of the chain is signed with a weak algorithm such as SHA-1."},
    {"x509.sha1_tolerated", "Chứng thư số G1 của Chính phủ ký bằng SHA-1 được chấp nhận vì đã ghim dấu vân tay.",
     "A SHA-1 signed G1 certificate of the Government CA is accepted because it is pinned."},
    {"x509.weak_key", "Khóa của một chứng thư số trong chuỗi quá yếu hoặc không được chấp nhận.",
     "The key of a certificate of the chain is too weak or of a kind that is not accepted."},
    {"x509.expired", "Chứng thư số đã hết hạn tại thời điểm xét.",
     "The certificate had expired at the time in question."},
    {"x509.not_yet_valid", "Chứng thư số chưa có hiệu lực tại thời điểm xét.",
     "The certificate was not yet valid at the time in question."},
    {"x509.ca_out_of_bounds", "Chứng thư số của cơ quan chứng thực không còn hoặc chưa có hiệu lực tại thời điểm xét.",
     "A CA certificate of the chain was not valid at the time in question."},
    {"x509.revoked", "Chứng thư số đã bị thu hồi trước thời điểm xét.",
     "The certificate was revoked before the time in question."},
    {"x509.ca_revoked", "Chứng thư số của cơ quan chứng thực đã bị thu hồi.",
     "A CA certificate of the chain was revoked."},
    {"x509.revoked_later", "Chứng thư số bị thu hồi sau thời điểm xét; chữ ký trước đó không bị ảnh hưởng.",
     "The certificate was revoked after the time in question, which does not touch older signatures."},
    {"x509.revocation_older",
     "Dữ liệu thu hồi được lập trước khi ký; nếu chứng thư bị thu hồi ngay trước khi ký thì dữ liệu này chưa biết. "
     "Kiểm "
     "tra lại khi có mạng hoặc sau thời điểm cập nhật kế tiếp.",
     "The revocation data was issued before the signature was made: a revocation shortly before signing would not be "
     "in "
     "it. Verify again online, or after its next update."},
    {"x509.no_revocation_data", "Không có CRL hoặc trả lời OCSP để kiểm tra tình trạng chứng thư số.",
     "There is neither a revocation list nor an OCSP response to check the status of the certificate with."},
    {"x509.crl_stale", "Danh sách thu hồi (CRL) đã quá hạn hoặc không phủ thời điểm xét.",
     "The revocation list is out of date or does not cover the time in question."},
    {"x509.crl_bad_signature", "Chữ ký của danh sách thu hồi (CRL) không đúng.",
     "The signature of the revocation list is wrong."},
    {"x509.crl_out_of_scope", "Danh sách thu hồi (CRL) không áp dụng cho chứng thư số này.",
     "The revocation list does not speak about this certificate."},
    {"x509.crl_weak_algorithm", "Danh sách thu hồi (CRL) được ký bằng thuật toán yếu.",
     "The revocation list is signed with a weak algorithm."},
    {"x509.policy", "Chuỗi chứng thư số không theo chính sách chứng thực được yêu cầu.",
     "The chain does not follow a certificate policy that is demanded."},
    {"x509.name_constraint", "Tên trong chứng thư số nằm ngoài phạm vi mà cơ quan chứng thực được phép cấp.",
     "A name in a certificate lies outside of what its CA may issue for."},
    {"x509.evidence_not_proven",
     "Dữ liệu thu hồi do cơ quan đã hết hạn hoặc bị thu hồi ký; không chứng minh được nó có từ trước đó.",
     "The revocation data is signed by an authority that has expired or was revoked since; nothing proves that the "
     "data "
     "is older."},
    {"x509.ocsp_stale", "Trả lời OCSP đã quá hạn hoặc không phủ thời điểm xét.",
     "The OCSP response is out of date or does not cover the time in question."},
    {"x509.ocsp_bad_signature", "Chữ ký của trả lời OCSP không đúng hoặc không của máy chủ OCSP được ủy quyền.",
     "The OCSP response is not signed by a responder that the CA has authorised."},
    {"x509.ocsp_weak_algorithm", "Trả lời OCSP hoặc chứng thư số của máy chủ OCSP dùng thuật toán yếu.",
     "The OCSP response or its responder's certificate uses a weak algorithm."},
    {"x509.ocsp_unknown", "Máy chủ OCSP trả lời rằng không biết chứng thư số này.",
     "The OCSP responder says that it does not know the certificate."},
    {"x509.ocsp_extension", "Trả lời OCSP có phần mở rộng bắt buộc mà chương trình không hiểu.",
     "The OCSP response has a critical extension that is not understood."},
    {"x509.ocsp_responder_unchecked", "Không biết chứng thư số của máy chủ OCSP có bị thu hồi hay không.",
     "It is not known whether the OCSP responder's own certificate is revoked."},
    {"x509.ocsp_responder_revoked", "Chứng thư số của máy chủ OCSP đã bị thu hồi.",
     "The OCSP responder's own certificate was revoked."},
};
const signing::finding_table table(texts);

} // namespace

signing::finding make_finding(std::string_view code, std::string_view detail) {
    return signing::finding_from(texts, code, detail);
}

} // namespace vanthu::x509
