#include "daemon/base/error_table.hpp"
#include "daemon/cli/sign.hpp"

namespace vanthu::cli {
namespace {

constexpr error_row rows[] = {
    {static_cast<int>(sign_errc::not_available), "not_available", 501, retry::no,
     "Phiên bản này chưa hỗ trợ lựa chọn đó.", "This version does not offer that choice.",
     "Xem các lựa chọn bằng vanthu sign --help.", "See the choices by vanthu sign --help."},
    {static_cast<int>(sign_errc::no_person_signature), "no_person_signature", 422, retry::no,
     "Văn bản chưa có chữ ký hợp lệ của người có thẩm quyền nên không thể phát hành.",
     "The document carries no valid signature of a person with authority, so it cannot be issued.",
     "Trình lãnh đạo ký số trước, rồi mới đóng dấu phát hành; xem danh bạ có ghi thẩm quyền của người ký không.",
     "Have the leader sign first, then seal it; see whether the registry names the signer's authority."},
    {static_cast<int>(sign_errc::own_certificate_bad), "own_certificate_bad", 422, retry::no,
     "Chứng thư dùng để ký không hợp lệ ở thời điểm này.", "The certificate used for signing is not valid now.",
     "Kiểm tra hạn chứng thư, thư mục chứng thư tin cậy và CRL.",
     "Check the certificate's validity, the trust folder and the CRLs."},
    {static_cast<int>(sign_errc::time_stamp_missing), "time_stamp_missing", 422, retry::no,
     "Mức chữ ký này cần địa chỉ máy chủ cấp dấu thời gian.",
     "This level needs the address of a time-stamping authority.", "Thêm --tsa URL.", "Add --tsa URL."},
    {static_cast<int>(sign_errc::bad_arguments), "bad_arguments", 422, retry::no, "Tham số không đúng dạng.",
     "An argument is malformed.", "Xem vanthu sign --help.", "See vanthu sign --help."},
    {static_cast<int>(sign_errc::not_verifiable), "not_verifiable", 422, retry::yes,
     "Chưa thể nâng mức chữ ký: có chữ ký chưa xác định được là hợp lệ.",
     "The level cannot be raised: a signature is not found valid.",
     "Chạy vanthu verify để xem lý do; bổ sung chứng thư tin cậy, CRL hoặc kết nối tới OCSP.",
     "Run vanthu verify to see why; add trusted certificates, a CRL, or a way to the OCSP responder."},
    {static_cast<int>(sign_errc::content_missing), "content_missing", 422, retry::no,
     "Chữ ký tách rời cần tệp nội dung đã ký.", "A detached signature needs the file that was signed.",
     "Thêm --content TỆP.", "Add --content FILE."},
    {static_cast<int>(sign_errc::output_exists), "output_exists", 422, retry::no,
     "Hai tệp đầu vào trùng tên nên sẽ ghi đè lên nhau.", "Two inputs of one name would be written over each other.",
     "Đổi tên hoặc ký từng tệp.", "Rename one, or sign them one by one."},
    {static_cast<int>(sign_errc::own_certificate_expired), "own_certificate_expired", 422, retry::no,
     "Chứng thư dùng để ký đã hết hạn hoặc chưa có hiệu lực.",
     "The certificate used for signing has expired or is not valid yet.",
     "Dùng chứng thư còn hiệu lực; đề nghị gia hạn với đơn vị cấp chứng thư; kiểm tra đồng hồ máy.",
     "Use a valid certificate, have it renewed by its issuer; check the clock."},
    {static_cast<int>(sign_errc::own_certificate_revoked), "own_certificate_revoked", 422, retry::no,
     "Chứng thư dùng để ký, hoặc chứng thư của cơ quan cấp, đã bị thu hồi nên không được ký.",
     "The certificate used for signing, or one above it, is revoked, so nothing is signed.",
     "Dùng chứng thư khác và liên hệ đơn vị cấp chứng thư.", "Use another certificate and ask its issuer."},
    {static_cast<int>(sign_errc::own_certificate_unfit), "own_certificate_unfit", 422, retry::no,
     "Chứng thư này không được cấp để ký số.", "This certificate was not issued for signatures.",
     "Chọn chứng thư có mục đích sử dụng khóa là chữ ký số hoặc chống chối bỏ.",
     "Choose a certificate whose key usage is digital signature or non-repudiation."},
    {static_cast<int>(sign_errc::not_authorised), "not_authorised", 403, retry::no,
     "Danh bạ không ghi người hoặc con dấu này có thẩm quyền ký loại này cho cơ quan.",
     "The registry does not name this person or seal as allowed to sign so for the organisation.",
     "Kiểm tra --organisation; bổ sung dòng [[authority]] hoặc [[agency_certificate]] còn hiệu lực vào danh bạ.",
     "Check --organisation; add a row [[authority]] or [[agency_certificate]] that is valid today to the registry."},
    {static_cast<int>(sign_errc::organisation_unknown), "organisation_unknown", 422, retry::no,
     "Danh bạ không có cơ quan mang mã này, hoặc cơ quan đã kết thúc hoạt động.",
     "The registry has no open organisation with this code.", "Kiểm tra mã bằng vanthu registry resolve.",
     "Check the code with vanthu registry resolve."},
    {static_cast<int>(sign_errc::registry_missing), "registry_missing", 422, retry::no,
     "Không có danh bạ nên không biết ai có thẩm quyền ký văn bản để phát hành.",
     "Without a registry it is not known who has authority to sign what is issued.",
     "Thêm --registry TỆP (và --organisation MÃ); hoặc tự chịu trách nhiệm bằng --accept-indeterminate.",
     "Add --registry FILE (and --organisation CODE), or take it on yourself with --accept-indeterminate."},
    {static_cast<int>(sign_errc::output_unusable), "output_unusable", 422, retry::no,
     "Không ghi được vào thư mục kết quả.", "The folder of the output cannot be written to.",
     "Tạo thư mục hoặc cấp quyền ghi, rồi ký lại.", "Make the folder or give write permission, then sign again."},
    {static_cast<int>(sign_errc::other_signature_inside), "other_signature_inside", 422, retry::no,
     "Vỏ chứa đã có chữ ký dạng khác; phần mềm kiểm tra chỉ đọc một dạng trong mỗi vỏ chứa.",
     "The container has signatures of the other format, and readers look at one format in a container.",
     "Ký cùng dạng với chữ ký đã có (bỏ --signature).", "Sign in the format that is there (leave --signature out)."},
    {static_cast<int>(sign_errc::level_not_reached), "level_not_reached", 422, retry::yes,
     "Chữ ký làm ra không đạt mức đã yêu cầu nên không ghi kết quả; mức không bao giờ tự hạ xuống.",
     "The signature made does not hold at the level asked for, so nothing is written; a level is never lowered.",
     "Xem chi tiết; bổ sung chứng thư tin cậy, CRL hoặc kết nối tới OCSP, hoặc yêu cầu mức thấp hơn.",
     "See the detail; add trusted certificates, a CRL or a way to the OCSP responder, or ask for a lower level."},
    {static_cast<int>(sign_errc::no_meaning), "no_meaning", 422, retry::no,
     "Tùy chọn này không có tác dụng với định dạng hoặc loại ký đã chọn.",
     "This option has no meaning for the format or the profile chosen.",
     "Bỏ tùy chọn đó, hoặc chọn --format, --profile khác.",
     "Leave the option out, or choose another --format or --profile."},
    {static_cast<int>(sign_errc::bad_date), "bad_date", 422, retry::no,
     "--date phải là một ngày có thật, viết dạng NĂM-THÁNG-NGÀY.",
     "--date must be a day of the calendar, as YEAR-MONTH-DAY.", "Ví dụ: --date 2025-07-15",
     "For example: --date 2025-07-15"},
    {static_cast<int>(sign_errc::earlier_not_valid), "earlier_not_valid", 422, retry::no,
     "Tệp đã có chữ ký không còn đúng (nội dung bị sửa, hoặc tệp có thể bị đọc thành hai văn bản khác nhau) nên không "
     "ký "
     "thêm vào đó.",
     "A signature in the file does not hold (the content was changed, or the file can be read as two documents), so "
     "none "
     "is added beside it.",
     "Chạy vanthu verify để xem chữ ký nào và vì sao; xin lại bản gốc từ người ký trước.",
     "Run vanthu verify to see which and why; ask those who signed for the original."},
    {static_cast<int>(sign_errc::over_budget), "over_budget", 422, retry::no,
     "Tệp vượt giới hạn kiểm tra (dung lượng, bộ nhớ, thời gian hoặc số đối tượng) nên không ký, không nâng mức: "
     "vanthu "
     "verify cũng không kiểm tra được tệp này.",
     "The file exceeds the limits of inspection (size, memory, time or objects), so it is neither signed nor raised: "
     "vanthu verify could not judge it either.",
     "Xuất lại tệp gọn hơn từ phần mềm soạn thảo, hoặc ký tệp đó như nội dung bất kỳ (--format cades).",
     "Export the file anew and smaller, or sign it as any content (--format cades)."},
    {static_cast<int>(sign_errc::numbered_by_another), "numbered_by_another", 422, retry::no,
     "Số và ngày của văn bản do cơ quan của người ký duyệt đầu tiên cấp; con dấu này thuộc cơ quan khác nên nếu điền, "
     "văn bản sẽ không được xác định là hợp lệ.",
     "Number and date are given by the organisation of the first who approved; this seal is another's, and the "
     "document "
     "would be found not determined.",
     "Chuyển văn bản cho cơ quan đó cấp số, phát hành.", "Have that organisation number and issue it."},
    {static_cast<int>(sign_errc::result_not_valid), "result_not_valid", 422, retry::no,
     "Văn bản sau khi đóng dấu không được xác định là hợp lệ nên không ghi kết quả.",
     "The document, once sealed, is not found valid, so nothing is written.",
     "Xem chi tiết; chạy vanthu verify với tệp đầu vào để xem chữ ký đã có.",
     "See the detail; run vanthu verify on the input to see the signatures it has."},
    {static_cast<int>(sign_errc::output_is_input), "output_is_input", 422, retry::no,
     "Tệp kết quả (-o) chính là tệp đầu vào; tệp đầu vào không bao giờ bị thay đổi.",
     "The output (-o) is the input, and the input is never changed.", "Đặt tên khác cho tệp kết quả.",
     "Choose another name for the output."},
    {static_cast<int>(sign_errc::nothing_signed), "nothing_signed", 422, retry::no,
     "Tệp chưa có chữ ký nào để nâng mức.", "The file has no signature that could be raised.",
     "Ký tệp trước bằng vanthu sign; mức cần có nêu bằng --level.",
     "Sign it first with vanthu sign, where --level names the level."},
    {static_cast<int>(sign_errc::bad_number), "bad_number", 422, retry::no,
     "--number phải là số, ký hiệu văn bản: chữ, số và các dấu / - . _ & ( ), không có khoảng trắng.",
     "--number must be a number and notation: letters, digits and / - . _ & ( ), without spaces.",
     "Ví dụ: --number 321/UBND-KGVX", "For example: --number 321/UBND-KGVX"},
    {static_cast<int>(sign_errc::output_no_folder), "output_no_folder", 422, retry::no,
     "Nhiều tệp đầu vào thì -o là thư mục nhận kết quả, nhưng tên đã cho là tên một tệp.",
     "With several inputs -o is the folder for the results, but the name given is a file's.",
     "Đặt tên thư mục sau -o, hoặc ký từng tệp; để gộp các tệp vào một vỏ chứa, dùng --format asic-e.",
     "Name a folder with -o, or sign one by one; for one container of all, use --format asic-e."},
    {static_cast<int>(sign_errc::form_in_doubt), "form_in_doubt", 422, retry::no,
     "Do chính cách viết của tệp, chữ ký trong đó không thể được xác định là hợp lệ, dù có đủ chứng thư; không "
     "ghi "
     "kết quả.",
     "By the way the file is made a signature in it cannot be found valid, whatever certificates there are; "
     "nothing is written.",
     "Xem mã trong chi tiết (docs/findings.md); xuất lại tệp từ phần mềm soạn thảo rồi ký lại từ đầu.",
     "See the code in the detail (docs/findings.md); export the file anew from where it was written, and sign that."},
    {static_cast<int>(sign_errc::output_name_misleads), "output_name_misleads", 422, retry::no,
     "Tên tệp kết quả (-o) có đuôi của một loại tệp khác với định dạng ký; vanthu verify sẽ không coi tệp tên như vậy "
     "là hợp lệ.",
     "The output (-o) is named as another kind of file than the one that is signed; vanthu verify finds nothing valid "
     "under such a name.",
     "Đặt đuôi đúng định dạng: .pdf (pades), .xml (xades), .p7m hoặc .p7s (cades), .asics, .asice; hoặc chọn --format "
     "khác.",
     "Name it as what it is: .pdf (pades), .xml (xades), .p7m or .p7s (cades), .asics, .asice; or choose another "
     "--format."},
    {static_cast<int>(sign_errc::bad_raise_level), "bad_raise_level", 422, retry::no,
     "Chỉ nâng được lên mức B-T, B-LT hoặc B-LTA.", "What is there is raised to B-T, B-LT or B-LTA.",
     "Xem vanthu extend --help.", "See vanthu extend --help."},
};
const error_table table("sign", rows);

} // namespace

std::error_code make_error_code(sign_errc e) { return {static_cast<int>(e), table}; }

} // namespace vanthu::cli
