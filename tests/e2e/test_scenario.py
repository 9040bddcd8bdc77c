"""What ./demo shows: every document reaches its end state."""
import unittest

from axis import Axis, Failure
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
        told = "\n".join(self.said)
        for text in ("Đã đến", "Đã tiếp nhận, vào sổ", "Phân công xử lý", "Hoàn thành", "Từ chối tiếp nhận",
                     "không thuộc thẩm quyền"):
            self.assertIn(text, told)
        self.axis.stop()


if __name__ == "__main__":
    unittest.main()
