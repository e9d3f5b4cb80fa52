"""The interactive shell of a container, and that its own files are there."""

from __future__ import annotations

import pytest

from tests.lab.conftest import Client

WEB_0 = "/api/v1/namespaces/tutorial-1/pods/web-0"


@pytest.mark.parametrize(
    ("typed", "said", "status"),
    [
        (b"echo a\necho b\n", "a\nb\n", 0),
        (b"if true\nthen\necho yes\nfi\n", "yes\n", 0),
        (b"echo 'two\nlines'\n", "two\nlines\n", 0),
        (b"exit 3\necho never\n", "", 3),
        (b"x=1\nread y\ntyped\necho $x$y\n", "1typed\n", 0),
        (b"cat\nrest of\nthe input\n", "rest of\nthe input\n", 0),
        (b"false", "", 1),
        (b"cat <<END\nhere\nEND\necho there\n", "here\nthere\n", 0),
        (b"", "", 0),
    ],
)
async def test_commands_are_read_line_by_line(client: Client, typed: bytes, said: str, status: int) -> None:
    done = await client.run(WEB_0, ["sh"], stdin=typed)
    assert (done.stdout.decode(), done.exit_code) == (said, status)


async def test_a_script_that_is_none_ends_the_shell(client: Client) -> None:
    done = await client.run(WEB_0, ["sh"], stdin=b")\necho never\n")
    assert (done.exit_code, done.stdout) == (2, b"")
    assert b"syntax error" in done.stderr


async def test_the_environment_names_the_services(client: Client) -> None:
    done = await client.run("/api/v1/namespaces/tutorial-4/pods/web-0", ["env"])
    variables = dict(line.partition("=")[::2] for line in done.stdout.decode().splitlines())
    address = client.lab.get("Service", "tutorial-4", "web")["spec"]["clusterIP"]
    assert variables["WEB_SERVICE_HOST"] == address
    assert variables["WEB_SERVICE_PORT_HTTP"] == "80"
    assert variables["WEB_PORT_80_TCP"] == f"tcp://{address}:80"
    assert variables["KUBERNETES_SERVICE_HOST"] == "10.96.0.1"
    assert variables["HOSTNAME"] == "web-0"
    assert not [name for name in variables if name.startswith("WEB_HEADLESS_")], "a headless Service has no address"


async def test_a_pod_with_the_nodes_resolver_asks_outside(client: Client) -> None:
    lab = client.lab
    lab.apply("{apiVersion: v1, kind: Pod, metadata: {name: out}, spec: {dnsPolicy: Default, containers: "
              "[{name: c, image: nicolaka/netshoot, command: [sleep, infinity]}]}}", "tutorial-1")  # fmt: skip
    await lab.until(lambda: lab.get("Pod", "tutorial-1", "out")["status"].get("phase") == "Running")
    path = "/api/v1/namespaces/tutorial-1/pods/out"
    assert (await client.run(path, ["dig", "+short", "example.com"])).stdout == b"93.184.215.14\n"
    denied = await client.run(path, ["host", "nginx-headless.tutorial-1.svc.cluster.local"])
    assert b"NXDOMAIN" in denied.stdout


async def test_one_line_scripts_say_what_busyboxs_shell_says(client: Client) -> None:
    """What a BusyBox in a real cluster has answered; one lab for all of them."""
    for script, said, error, status in (
        ('x=5; echo ${x}z ${u:-def} ${#x} ${x:+set} $((x*2+1)) "${u}"', "5z def 1 set 11 \n", "", 0),
        ("x=web-0.nginx; echo ${x%%.*} ${x#*.} ${x##*.} ${x%.*}", "web-0 nginx nginx web-0\n", "", 0),
        ("echo $((2**3)) $((7/2)) $((-7/2)) $((-7%2)) $((1<2))", "8 3 -3 -1 1\n", "", 0),
        ("i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done", "0\n1\n2\n", "", 0),
        ("echo `echo hi` \"$(echo 'a  b')\"", "hi a  b\n", "", 0),
        ("x=1; (x=2; exit 4); echo $? $x", "4 1\n", "", 0),
        ("echo $((1/0)); echo never", "", "sh: divide by zero\n", 2),
        ("echo ${x!}", "", "sh: syntax error: bad substitution\n", 2),
        ("for i in 1 2; do echo $i", "", 'sh: syntax error: unexpected end of file (expecting "done")\n', 2),
        ("if true; echo x; fi", "", 'sh: syntax error: unexpected "fi" (expecting "then")\n', 2),
        ("nosuch || echo missing $?", "missing 127\n", "sh: nosuch: not found\n", 0),
        ("grep nameserver /etc/resolv.conf | awk '{print $1}'", "nameserver\n", "", 0),
        ("awk '/nameserver/ {print \"by\", $1}' /etc/resolv.conf", "by nameserver\n", "", 0),
        ("echo a | sed 's/[/b/'", "", "sed: s/[/b/ is not available in the lab\n", 1),
        ("printf 'b 2\\na 1\\na 1\\n' | sort | uniq -c", "      2 a 1\n      1 b 2\n", "", 0),
        ("echo a:b:c | cut -d: -f2,3 | tr a-z A-Z", "B:C\n", "", 0),
        ("echo web-0.nginx | sed 's/\\..*//'", "web-0\n", "", 0),
    ):
        done = await client.run(WEB_0, ["sh", "-c", script])
        assert (done.stdout.decode(), done.stderr.decode(), done.exit_code) == (said, error, status), script


async def test_arguments_are_shifted_and_counted_beyond_nine(client: Client) -> None:
    script = "shift; while [ $# -ge 3 ]; do echo $1 $3; shift 3; done; echo $# $1; shift 9; echo $?"
    done = await client.run(WEB_0, ["sh", "-c", script, "sh", "mark", *"abcdefg"])
    assert done.stdout == b"a c\nd f\n1 g\n1\n"
    done = await client.run(WEB_0, ["sh", "-c", "echo ${10} ${1}0", "sh", *"abcdefghij"])
    assert done.stdout == b"j a0\n"


async def test_what_this_shell_does_not_have_is_said(client: Client) -> None:
    done = await client.run(WEB_0, ["sh", "-c", "f() { echo a; }"])
    assert (done.stdout, done.exit_code) == (b"", 2)
    assert done.stderr == b"sh: syntax error: functions are not available in the lab\n"
    done = await client.run(WEB_0, ["sh", "-c", "set -e; echo $?; set -- a b; echo $2"])
    assert (done.stdout, done.stderr) == (b"2\nb\n", b"sh: set -e is not available in the lab\n")


async def test_longer_scripts_say_what_busyboxs_shell_says(client: Client) -> None:
    """What a BusyBox in a real cluster has answered."""
    for script, said, error, status in (
        ("cat <<EOF\na $((1+1)) $PWD.\nEOF\necho done", "a 2 /.\ndone\n", "", 0),
        ("cat <<'EOF'\na $x\n\"q\" it's\nEOF", 'a $x\n"q" it\'s\n', "", 0),
        ("x=5; cat <<-EOF | tr a-z A-Z\n\ta \"$x\" $(echo b)\n\tEOF\necho c", 'A "5" B\nc\n', "", 0),
        ("sleep 0 & wait; echo $?", "0\n", "", 0),
        ("(exit 3) & wait $!; echo $?", "3\n", "", 0),
        ("sleep inf & kill $!; wait $!; echo $?", "143\n", "", 0),
        ("sleep inf & sleep inf & kill %1; wait -n; echo $?", "143\n", "", 0),
        ("wait 99999; echo $?; kill 99999", "127\n", "sh: can't kill pid 99999: No such process\n", 1),
        ("cat & wait; echo end", "end\n", "", 0),
        ("case web-0 in web-*) echo yes;; *) echo no;; esac", "yes\n", "", 0),
        ("case a in (b|a) echo ab; ;; esac; case x in a) echo b\nesac; echo $?", "ab\n0\n", "", 0),
        ("case x in a) echo b", "", 'sh: syntax error: unexpected end of file (expecting ";;")\n', 2),
        ("cd /tmp && pwd && echo $PWD $OLDPWD && cd - && cd nosuch; echo $?", "/tmp\n/tmp /\n/\n2\n",
         "sh: cd: line 0: can't cd to nosuch: No such file or directory\n", 0),
        ("cd /etc; cat hostname; ls hosts; echo host*; cd ..; pwd", "web-0\nhosts\nhostname hosts\n/\n", "", 0),
        ("cd /etc/hosts; cd; pwd", "/root\n", "sh: cd: line 0: can't cd to /etc/hosts: Not a directory\n", 0),
        ("cd /etc; echo x > hallo; cat /etc/hallo; rm hallo; (cd /tmp; pwd); pwd", "x\n/tmp\n/etc\n", "", 0),
        ("exec 3>/tmp/x; echo a >&3; echo b >&3; exec 3>&-; cat /tmp/x; echo c >&3; echo $?", "a\nb\n1\n",
         "sh: 3: Bad file descriptor\n", 0),
        ("a=1; [[ $a == 1 ]] && echo yes", "yes\n", "", 0),
        ("ls -ld /tmp | awk '{print $1}'; ls -l /etc/hosts | awk '{print $1, $3}'; ls -l /no",
         "drwxr-xr-x\n-rw-r--r-- root\n", "ls: /no: No such file or directory\n", 1),
    ):  # fmt: skip
        done = await client.run(WEB_0, ["sh", "-c", script])
        assert (done.stdout.decode(), done.stderr.decode(), done.exit_code) == (said, error, status), script


async def test_what_a_container_keeps(client: Client) -> None:
    """Said so by a BusyBox in a real cluster, but for the list of what is in its own folders."""
    for script, said, error, status in (
        ("echo x > /tmp/y; echo z >> /tmp/y; cat /tmp/y", "x\nz\n", "", 0),
        ("cat /tmp/y; ls /tmp", "x\nz\ny\n", "", 0),
        ("echo /etc/host* '/etc/h*' \"/etc/h*\" /no/s*", "/etc/hostname /etc/hosts /etc/h* /etc/h* /no/s*\n", "", 0),
        ("printf 'a1\\nb2\\na.\\n' | grep -E '^(a|b)[0-9]$' | grep -v 'b\\|c'; echo a+ | grep a+", "a1\na+\n", "", 0),
        ("echo a > /nosuch/b", "", "sh: can't create /nosuch/b: nonexistent directory\n", 1),
        ("echo a > /tmp", "", "sh: can't create /tmp: Is a directory\n", 1),
        ("echo 1 | tee /tmp/t | cat; cat tmp/t; rm /tmp/t; cat /tmp/t", "1\n1\n", "cat: can't open '/tmp/t': No such "
         "file or directory\n", 1),
        ("touch /tmp/e; [ -e /tmp/e ] && echo is; [ -s /tmp/e ] || echo empty; rm /tmp/e /tmp/n", "is\nempty\n",
         "rm: can't remove '/tmp/n': No such file or directory\n", 1),
        ("wget -qO /tmp/page web-1.nginx-headless && cat /tmp/page | wc -l", "1\n", "", 0),
        ("nslookup nosuch >/tmp/out 2>&1; grep -q find /tmp/out && echo said", "said\n", "", 0),
        ("echo aaaab | grep -E '(a+)+$'; echo aaaab | sed 's/a*a*a*a*a*$//'", "",
         "grep: (a+)+$ is not available in the lab\nsed: s/a*a*a*a*a*$// is not available in the lab\n", 1),
        ("x=aaaaaaaaaaaaaaaa; while true; do x=$x$x; done", "", "sh: out of memory\n", 137),
        ("rm /etc/hosts", "", "rm: can't remove '/etc/hosts': Device or resource busy\n", 1),
    ):  # fmt: skip
        done = await client.run(WEB_0, ["sh", "-c", script])
        assert (done.stdout.decode(), done.stderr.decode(), done.exit_code) == (said, error, status), script
    other = await client.run("/api/v1/namespaces/tutorial-1/pods/web-1", ["ls", "/tmp"])
    assert other.stdout == b""


async def test_there_is_an_end_to_what_is_written(client: Client) -> None:
    script = "seq 1 60000 > /tmp/a; for i in 1 2 3; do cat /tmp/a >> /tmp/b; done; wc -c < /tmp/b"
    done = await client.run(WEB_0, ["sh", "-c", script])
    assert b"No space left on device" in done.stderr
    assert int(done.stdout) < 1024 * 1024


async def test_who_is_not_root_writes_where_all_may(client: Client) -> None:
    lab = client.lab
    lab.apply("{apiVersion: v1, kind: Pod, metadata: {name: few}, spec: {securityContext: {runAsUser: 65534}, "
              "containers: [{name: c, image: busybox, command: [sleep, infinity]}]}}", "tutorial-1")  # fmt: skip
    await lab.until(lambda: lab.get("Pod", "tutorial-1", "few")["status"].get("phase") == "Running")
    path = "/api/v1/namespaces/tutorial-1/pods/few"
    done = await client.run(path, ["sh", "-c", "echo a > /tmp/a && cat /tmp/a; echo b > /b"])
    assert (done.stdout, done.stderr) == (b"a\n", b"sh: can't create /b: Permission denied\n")


async def test_what_runs_is_listed(client: Client) -> None:
    done = await client.run(WEB_0, ["sh", "-c", "ps -o pid,args"])
    assert done.stdout.decode() == (
        "PID   COMMAND\n    1 /docker-entrypoint.sh nginx -g daemon off;\n    2 sh -c ps -o pid,args\n"
        "    3 ps -o pid,args\n"
    )
    again = await client.run(WEB_0, ["ps"])
    assert again.stdout.decode().splitlines()[-1] == "    2 root      0:00 ps"
