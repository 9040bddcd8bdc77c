"""The disk by itself: the load client appends the same bytes to a file of 1 GiB and waits for a shared fdatasync."""
import os

from . import peer


class Disk(peer.Peer):
    name, title = "disk", "disk, append + fdatasync"

    def target(self):
        return ["--file", os.path.join(self.folder, "yardstick")]

    def held(self):
        return None

    def empty(self):
        pass  # written round and round
