"""A clean stop loses nothing, keeps what waits, and ends in time; two daemons never share a store."""
import signal
import threading
import time
import unittest

from axis import Axis, ORGANISATIONS, Process, VANTHUD, tail, until


class StopAndStart(unittest.TestCase):
    def setUp(self):
        self.axis = Axis(tokens=False)
        self.addCleanup(self.axis.close)
        self.axis.make()
        self.axis.start()

    def send(self, number, recipient="vpcp"):
        answer = self.axis.eoffice("xa-a").submit(self.axis.metadata("xa-a", [recipient], number, "Văn bản"),
                                                  [("a.txt", b"%d" % number)])
        self.assertEqual(answer.status, 201, answer.body)
        return answer.json()

    def test_what_waits_survives_a_stop_and_goes_on_after_the_start(self):
        axis, commune = self.axis, self.axis.nodes["h48.40.21"]
        axis.nodes["h48.40"].stop()
        accepted = self.send(1)
        until("it waits", lambda: axis.eoffice("xa-a").track(accepted["document_id"])["recipients"][0]["state"]
              == "deferred")
        commune.stop()
        commune.start()
        shown = axis.eoffice("xa-a").track(accepted["document_id"])["recipients"][0]
        self.assertIn(shown["state"], ("waiting", "active", "deferred"))
        axis.nodes["h48.40"].start()
        entry = axis.eoffice("vpcp").await_entry(lambda e: e["document"]["document_id"]
                                                 == accepted["business_document_id"])
        self.assertEqual(entry["recipient"], ORGANISATIONS["vpcp"].code)
        # The receipt is the same bytes before and after a stop.
        before = axis.eoffice("xa-a").get("/v1/documents/%s/receipt" % accepted["document_id"]).body
        commune.stop()
        commune.start()
        self.assertEqual(axis.eoffice("xa-a").get("/v1/documents/%s/receipt" % accepted["document_id"]).body, before)

    def test_a_waiting_long_poll_does_not_hold_up_the_stop(self):
        answers = []
        poll = threading.Thread(target=lambda: answers.append(self.axis.eoffice("vpcp").inbox(0, 60)))
        poll.start()
        time.sleep(0.5)
        self.axis.nodes["g22"].stop()  # raises when it takes longer than the grace
        poll.join(10)
        self.assertFalse(poll.is_alive())
        self.assertEqual([a["entries"] for a in answers], [[]])

    def test_a_second_daemon_on_the_store_is_refused_and_the_first_goes_on(self):
        node = self.axis.nodes["h48.40.21"]
        second = Process([VANTHUD, "--config", node.config], node.log + ".second", self.axis.env)
        until("the second ends", lambda: not second.running())
        self.assertEqual(second.end(signal.SIGTERM), 69)
        self.assertIn("ledger.in_use", tail(node.log + ".second"))
        self.assertTrue(node.process.running())
        self.send(2)


if __name__ == "__main__":
    unittest.main()
