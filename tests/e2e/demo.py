"""./demo: the axis on this machine, with real documents. See demo.py --help."""
import argparse
import os
import signal
import sys

from axis import Axis, Failure, ORGANISATIONS
from scenario import Scenario

TEXTS = {
    "making": ("Tạo CA thử nghiệm, thiết bị ký SoftHSM2, danh bạ, cấu hình …",
               "Making the test CA, SoftHSM2 tokens, the registry, configurations …"),
    "starting": ("Khởi động bốn vanthud: xã An Thử, huyện, tỉnh, Văn phòng Chính phủ …",
                 "Starting four vanthud: commune An Thử, district, province, Government Office …"),
    "served": ("xã Bình Thử: trực thuộc tỉnh từ 01/7/2025, do vanthud của tỉnh phục vụ",
               "commune Bình Thử: directly under the province since 1 July 2025, served by its vanthud"),
    "pages": ("Trang vận hành (mã truy cập đứng sau #secret=):", "Operator pages (the secret stands after #secret=):"),
    "secret": ("Mã truy cập nằm trong tệp operator.secret của từng nút:", "The secret is in operator.secret of each node:"),
    "good": ("Mọi văn bản đã tới trạng thái cuối.", "Every document reached its end state."),
    "bad": ("KHÔNG THÀNH CÔNG: ", "FAILED: "),
    "stay": ("Hệ thống vẫn chạy. Nhấn Ctrl-C để dừng.", "Everything keeps running. Ctrl-C ends it."),
    "try": ("Thử gửi, nhận, theo dõi; dán từng dòng vào một cửa sổ lệnh khác:",
            "Try sending, receiving and following; paste line by line into another shell:"),
    "try_send": ("xã An Thử gửi Văn phòng Chính phủ", "commune An Thử sends to the Government Office"),
    "try_track": ("hành trình văn bản đó", "how far it is"),
    "try_inbox": ("hộp đến của Văn phòng Chính phủ", "the Government Office's inbox"),
    "kept": ("Dữ liệu ở lại trong ", "The data stays in "),
}


def main():
    parser = argparse.ArgumentParser(prog="demo", description=__doc__.split(":", 1)[1].split(".")[0].strip() + ".")
    parser.add_argument("--once", action="store_true",
                        help="end by itself; exit 0 only if every document reached its end state")
    parser.add_argument("--lang", choices=("vi", "en"), default="vi", help="language of what is printed")
    parser.add_argument("--dir", help="state directory, kept at the end (default: a fresh one, removed at the end)")
    options = parser.parse_args()
    say = {word: texts[options.lang == "en"] for word, texts in TEXTS.items()}
    sys.stdout.reconfigure(line_buffering=True)

    def interrupted(number, _):
        raise KeyboardInterrupt(number)
    signal.signal(signal.SIGTERM, interrupted)

    axis = None
    try:
        print(say["making"])
        axis = Axis(options.dir)
        axis.make()
        axis.start_tsa()
        print(say["starting"])
        axis.start()
        for node in axis.nodes.values():
            print("  %-10s %-34s %s" % (node.id, node.organisation.name, node.url()))
        print("  " + say["served"])
        scenario = Scenario(axis, options.lang)
        scenario.run()
        print("\n" + say["good"])
        if not options.once: # what ends now has no pages to open and nothing to try
            print("\n" + say["pages"])
            for node in axis.nodes.values():
                print("  %s: %s#secret=%s" % (node.organisation.name, node.operator_url(), node.operator_secret()))
            print("%s %s" % (say["secret"], os.path.join(axis.folder, "*", "operator.secret")))
            print("\n" + say["try"])
            for name, line in scenario.commands_to_try():
                print("  # %s\n  %s" % (say[name], line))
            print("\n" + say["stay"])
            while True:
                signal.pause()
        return 0
    except Failure as failure:
        print("\n%s%s" % (say["bad"], failure), file=sys.stderr)
        if axis:
            print(axis.logs(), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
        return 130 if options.once else 0
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if axis:
            if axis.keep:
                print(say["kept"] + axis.folder)
            try:
                axis.stop()
            except Failure as failure:
                print(failure, file=sys.stderr)
            axis.close()


if __name__ == "__main__":
    sys.exit(main())
