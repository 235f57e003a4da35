"""A screen of one's own, and what is painted on it."""

import os
import struct
import subprocess
import zlib
from pathlib import Path

WIDTH, HEIGHT = 1280, 800


class Screen:
    sockets = Path("/tmp/.X11-unix")

    def __init__(self, folder):
        self._folder = folder

    def __enter__(self):
        self._folder.mkdir()
        reader, writer = os.pipe()
        self._process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", str(self._folder), "-nolisten", "tcp", "-ac"],
            pass_fds=[writer], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(writer)
        with open(reader) as number:
            self.display = f":{number.readline().strip()}"
        if self.display == ":":
            raise SystemExit("broken: Xvfb does not start")
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()

    def window(self, title):
        """Whether a window of that very title is to be seen."""
        search = ["xdotool", "search", "--onlyvisible", "--name", f"^{title}$"]
        env = {**os.environ, "DISPLAY": self.display}
        return subprocess.run(search, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def _rows(self):
        """The rows of pixels, four bytes each. Xvfb keeps them in a file of the format XWD."""
        data = (self._folder / "Xvfb_screen0").read_bytes()
        header = struct.unpack(">25I", data[:100])
        # The size of the header and how many colours follow it; 12 bytes each. Then the bytes of a row.
        begin, row = header[0] + 12 * header[19], header[12]
        return [data[begin + y * row : begin + y * row + 4 * WIDTH] for y in range(HEIGHT)]

    def colours(self):
        """How many colours there are on the screen; a blank one has one, and a window that paints nothing two."""
        return len({pixel for row in self._rows() for pixel in struct.unpack(f"{WIDTH}I", row)})

    def picture(self, path):
        """Writes what is on the screen as PNG."""
        lines = b""
        for row in self._rows():
            pixels = bytearray(3 * WIDTH)
            # A pixel is blue, green, red, unused.
            pixels[0::3], pixels[1::3], pixels[2::3] = row[2::4], row[1::4], row[0::4]
            lines += b"\0" + pixels
        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        header = chunk(b"IHDR", struct.pack(">2I5B", WIDTH, HEIGHT, 8, 2, 0, 0, 0))
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))
