"""What bash, perl and python3 are given to join their stdin and stdout to a server.

Each is a constant; address, port and the seconds after which it ends when nothing happens are arguments, never a part
of it. Over TCP bytes go through as they are. Over UDP perl and python3 take and give each message with its length in
front (two bytes, as over TCP), so that many can be under way at one time; bash sends what it reads as one datagram.
"""

from __future__ import annotations

BASH_TCP = """\
exec 3<>"/dev/tcp/$1/$2" 4<&0 || exit 1
cat <&3 & reader=$!
cat <&4 >&3 & writer=$!
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 403)); then wait -n; else wait "$writer"; fi
kill "$reader" "$writer" 2>/dev/null
"""
"""Whichever ``cat`` ends first ends the other: the writer ends with stdin, also when the connection to the pod is lost;
the reader when the server closes, or over UDP when a port is told to be closed, after which nothing would ever be read.
A bash before 4.3 cannot wait for the first of two, and ends with the writer alone."""
BASH_UDP = BASH_TCP.replace("/dev/tcp/", "/dev/udp/")

PERL = """\
use Socket;
my ($address, $port, $udp, $idle) = @ARGV;
my $six = $address =~ /:/;
my $to = $six ? Socket::pack_sockaddr_in6($port, Socket::inet_pton(Socket::AF_INET6(), $address))
              : Socket::pack_sockaddr_in($port, Socket::inet_aton($address));
socket(my $link, $six ? Socket::AF_INET6() : AF_INET, $udp ? SOCK_DGRAM : SOCK_STREAM, 0) or die "$!\\n";
connect($link, $to) or die "$!\\n";
my ($held, $ended) = ("", 0);
sub give { my ($file, $data) = @_; while (length $data) {
    my $count = syswrite($file, $data); defined $count or die "$!\\n"; substr($data, 0, $count) = "" } }
while (1) {
    my $ready = "";
    vec($ready, fileno(STDIN), 1) = 1 unless $ended;
    vec($ready, fileno($link), 1) = 1;
    select($ready, undef, undef, $idle) or exit 0;
    if (!$ended && vec($ready, fileno(STDIN), 1)) {
        my $count = sysread(STDIN, my $data, 65536);
        if (!$count) { exit 0 if $udp; shutdown($link, 1); $ended = 1; next }
        if (!$udp) { give($link, $data); next }
        $held .= $data;
        while (length $held >= 2 && length $held >= 2 + unpack("n", $held)) {
            my $size = unpack("n", $held);
            send($link, substr($held, 2, $size), 0);
            substr($held, 0, 2 + $size) = "";
        }
    }
    if (vec($ready, fileno($link), 1)) {
        my $count = sysread($link, my $data, 65536);
        defined $count or die "$!\\n";
        exit 0 if !$count && !$udp;
        give(*STDOUT, ($udp ? pack("n", $count) : "") . $data);
    }
}
"""

PYTHON = """\
import os, select, socket, sys
address, port, udp, idle = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "1", float(sys.argv[4])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
link = socket.socket(family, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
held, ended = b"", False
try:
    link.connect((address, port))
    while True:
        ready = select.select([link] if ended else [link, 0], [], [], idle)[0]
        if not ready:
            break
        if 0 in ready:
            data = os.read(0, 65536)
            if not data and udp:
                break
            if not data:
                link.shutdown(socket.SHUT_WR)
                ended = True
            elif not udp:
                link.sendall(data)
            else:
                held += data
                while len(held) >= 2 and len(held) >= 2 + held[0] * 256 + held[1]:
                    size = held[0] * 256 + held[1]
                    link.send(held[2 : 2 + size])
                    held = held[2 + size :]
        if link in ready:
            data = link.recv(65536)
            if not data and not udp:
                break
            if udp:
                data = bytes([len(data) // 256, len(data) % 256]) + data
            while data:
                data = data[os.write(1, data) :]
except OSError as error:
    sys.exit(error.strerror or str(error))
"""
