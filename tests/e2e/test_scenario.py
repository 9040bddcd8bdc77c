"""What ./demo shows: every document reaches its end state."""
import unittest
import urllib.error
import urllib.request

from axis import Axis, Failure, run, until
from scenario import Scenario


class TheAxis(unittest.TestCase):
    def setUp(self):
        self.axis = Axis()
        self.addCleanup(self.axis.close)
        self.axis.make()
        self.axis.start_tsa()
        self.axis.start()
        self.said = []
        self.scenario = Scenario(self.axis, "vi", self.said.append)

    def test_documents_travel_both_ways_and_their_statuses_come_back(self):
        try:
            self.scenario.run()
        except Failure as failure:
            self.fail("%s\n%s" % (failure, self.axis.logs()))
        told = " ".join("\n".join(self.said).replace("│", " ").split())  # lines are folded, within a frame
        for text in ("Đã đến", "Đã tiếp nhận, vào sổ", "Phân công xử lý", "Hoàn thành", "Từ chối tiếp nhận",
                     "không thuộc thẩm quyền"):
            self.assertIn(text, told)
        for node in self.axis.nodes.values():
            self.look_at_the_operator_page(node)
        self.paste_what_the_demo_prints()
        self.axis.stop()

    def paste_what_the_demo_prints(self):
        lines = dict(Scenario(self.axis, "en", self.said.append).commands_to_try())
        subject = "Thử gửi văn bản từ dòng lệnh"

        def paste(name):
            return run("sh", "-c", lines[name]).stdout
        self.assertIn("Accepted and kept durably.", paste("try_send"))
        until("the letter is in the inbox", lambda: subject in paste("try_inbox"))
        self.assertIn(subject, paste("try_track"))

    def look_at_the_operator_page(self, node):
        with urllib.request.urlopen(node.operator_url()) as page:
            self.assertIn("text/html", page.headers["Content-Type"])
        views = node.operator_url() + "api/overview"
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(views)
        self.assertEqual(refused.exception.code, 401)
        refused.exception.close()
        allowed = urllib.request.Request(views, headers={"Authorization": "Bearer " + node.operator_secret()})
        with urllib.request.urlopen(allowed) as overview:
            self.assertEqual(overview.status, 200)


if __name__ == "__main__":
    unittest.main()
