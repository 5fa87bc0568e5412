# SPDX-License-Identifier: Apache-2.0
"""Programs that the interop tests start, watch and stop: the clients (testees), the real servers and rkmq's mock."""
import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

REPO = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
TESTEES = os.environ.get("RKMQ_TESTEES", os.path.join(REPO, "build", "interop"))
RKMQ_BIN = os.environ.get("RKMQ_BIN", os.path.join(REPO, "build", "release", "rkmq"))
SERVER_VERSION = "5.3.3"

# Deadlines in seconds. They bound a hang; a machine under load is still far below them.
START_S = 60
STOP_S = 30
JOB_S = 90


class Program:
    """A child whose output lines are taken one by one; what it says on stderr goes to a file."""

    def __init__(self, name, argv, folder, env=None):
        self.name = name
        self.lines = queue.Queue()
        self.err_path = os.path.join(folder, name + ".err")
        with open(self.err_path, "w", encoding="utf-8") as err:
            self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err,
                                          cwd=folder, env={**os.environ, **(env or {})}, text=True,
                                          encoding="utf-8", errors="replace")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.child.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def take(self, deadline):
        """The next line; None at the end of the output. Raises TimeoutError."""
        try:
            line = self.lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise TimeoutError(f"{self.name} printed no further line in time{self.said()}") from None
        if line is None:
            self.lines.put(None)
        return line

    def take_some(self, seconds=0.05):
        """The lines that are there, having waited a moment for the first of them; [] when there is none."""
        lines = []
        try:
            while (line := self.lines.get(timeout=0 if lines else seconds)) is not None:
                lines.append(line)
            self.lines.put(None)
        except queue.Empty:
            pass
        return lines

    def expect(self, text, seconds=START_S):
        """Takes lines up to one with `text` in it, which is returned."""
        deadline = time.monotonic() + seconds
        while True:
            line = self.take(deadline)
            if line is None:
                raise AssertionError(f"{self.name} ended with {self.child.wait()}, not having said {text!r}{self.said()}")
            if text in line:
                return line

    def finish(self, seconds=JOB_S):
        """Waits for the program to end by itself with exit code 0; the lines it printed."""
        lines = self.rest(seconds)
        code = self.child.wait(STOP_S)
        if code != 0:
            raise AssertionError(f"{self.name} ended with {code}{self.said()}")
        return lines

    def stop(self, seconds=STOP_S):
        """SIGTERM and the exit code; a program that does not heed it is killed, which is an error."""
        if self.child.poll() is None:
            self.child.terminate()
        try:
            code = self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not heed SIGTERM{self.said()}") from None
        return code

    def rest(self, seconds=STOP_S):
        """All lines not taken, up to the end of the output."""
        lines, deadline = [], time.monotonic() + seconds
        while (line := self.take(deadline)) is not None:
            lines.append(line)
        return lines

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()

    def said(self):
        with open(self.err_path, encoding="utf-8", errors="replace") as err:
            tail = err.readlines()[-15:]
        return "".join(["\n  stderr: " + line.rstrip("\n")[:400] for line in tail])


def java(home, classpath, main, *args, heap="256m", properties=()):
    """The command of a Java program that keeps its logs in `home`."""
    return ["java", f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Duser.home={home}", *properties,
            "-cp", ":".join(classpath), main, *args]


class Client:
    """An unmodified client: `consume` and `produce` are the commands of its testee, see docs/interop.md."""
    kinds = ("sync", "oneway", "async", "batch", "compressed")
    stop_code = 0

    def send(self, case, namesrv, topic, kinds):
        """Sends so many messages of each kind; the lines msgId,queueId,body of what was sent."""
        arguments = [str(x) for kind in kinds.items() for x in kind]
        return case.start("produce", self.produce(case.folder, namesrv, topic, *arguments)).finish()


class JavaClient(Client):
    stop_code = 143  # SIGTERM, after the shutdown hook

    def __init__(self, version):
        self.folder = os.path.join(TESTEES, "java-" + version)

    def _command(self, home, main, *args):
        classpath = [os.path.join(self.folder, "classes"), os.path.join(self.folder, "dependency", "*")]
        return java(home, classpath, "rkmq.testee." + main, *args)

    def consume(self, home, namesrv, group, topic):
        return self._command(home, "Seed", namesrv, group, topic)

    def produce(self, home, namesrv, topic, *kinds):
        return self._command(home, "Produce", namesrv, topic, *kinds)

    def actor(self, home):
        """The command of the testee that plays an actor of a scenario, see docs/testees.md."""
        return self._command(home, "Actor")

    def admin(self, home, namesrv, *args):
        return self._command(home, "Admin", namesrv, *args)


class ScriptClient(Client):
    def __init__(self, command, kinds=Client.kinds):
        self.command = command
        self.kinds = kinds

    def consume(self, _home, namesrv, group, topic):
        return [*self.command, "consume", namesrv, group, topic]

    def produce(self, _home, namesrv, topic, *kinds):
        return [*self.command, "produce", namesrv, topic, *kinds]


class RkmqClient(Client):
    kinds = ("sync", "batch", "compressed")
    body_bytes = 8192  # of the compressed kinds

    def consume(self, _home, namesrv, group, topic):
        return [RKMQ_BIN, "consume", "-n", namesrv, "-g", group, "-t", topic]

    def send(self, case, namesrv, topic, kinds):
        lines = []
        for kind, count in kinds.items():
            options = {"sync": [], "batch": ["--batch", str(count)]}.get(kind, ["--size", str(self.body_bytes)])
            if kind in ("lz4", "zstd"):
                options += ["--compress", kind]
            program = case.start("rkmq-produce", [RKMQ_BIN, "produce", "-n", namesrv, "-t", topic, *options,
                                                  "--count", str(count), kind + "-%d"])
            lines += self._with_bodies(kind, count, program.finish())
        return lines

    def _with_bodies(self, kind, count, results):
        """A line of `rkmq produce` is msgId,queueId,queueOffset of a request."""
        for i in range(count):
            msg_id, queue_id, _ = parse(results[0 if kind == "batch" else i])
            body = f"{kind}-{i}"
            if kind not in ("sync", "batch"):
                body = body.ljust(self.body_bytes, ".")
            yield ",".join(["-" if kind == "batch" else msg_id, queue_id, body])


CLIENTS = {
    "java-5.3.3": JavaClient("5.3.3"),
    "java-4.9.8": JavaClient("4.9.8"),
    "go": ScriptClient([os.path.join(TESTEES, "go", "testee")]),
    "node": ScriptClient(["node", os.path.join(TESTEES, "node", "testee.js")], kinds=("sync", "compressed")),
    "rkmq": RkmqClient(),
}
ADMIN = CLIENTS["java-5.3.3"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class RealCluster:
    """Apache RocketMQ: a name server and a broker, each a JVM, on loopback. Both take any free port and say which."""

    def __init__(self, case):
        self.case = case
        jars = [os.path.join(TESTEES, "server", "dependency", "*")]
        home = case.folder
        properties = [f"-Drocketmq.home.dir={home}"]
        config = self._write("namesrv.conf", {"bindAddress": "127.0.0.1", "listenPort": 0})
        command = java(home, jars, "org.apache.rocketmq.namesrv.NamesrvStartup", "-c", config, properties=properties)
        self.namesrv = case.start("namesrv", command).expect("boot success").rsplit(" ", 1)[1]
        config = self._write("broker.conf", {
            "brokerClusterName": "DefaultCluster", "brokerName": "broker-a", "brokerId": 0,
            "brokerIP1": "127.0.0.1", "bindAddress": "127.0.0.1", "listenPort": 0, "namesrvAddr": self.namesrv,
            # The one listener that takes no address and no port 0; nothing ever connects to it.
            "haListenPort": free_port(),
            "storePathRootDir": os.path.join(home, "store"), "mappedFileSizeCommitLog": 64 << 20,
            "timerWheelEnable": "false", "slaveReadEnable": "false",
            # A broker on a loaded machine refuses sends that waited this long; here they may wait.
            "waitTimeMillsInSendQueue": 10000, "osPageCacheBusyTimeOutMills": 10000})
        command = java(home, jars, "org.apache.rocketmq.broker.BrokerStartup", "-c", config, heap="512m",
                       properties=properties)
        line = case.start("broker", command).expect("boot success")  # The broker[broker-a, 127.0.0.1:4711] boot ...
        self.broker = line.split(", ", 1)[1].split("]", 1)[0]

    def _write(self, name, settings):
        path = os.path.join(self.case.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.writelines(f"{key}={value}\n" for key, value in settings.items())
        return path

    def stop(self):
        """Nothing is to be shown of it: it ends with the test."""

    def create_topic(self, topic, queues):
        command = ADMIN.admin(self.case.folder, self.namesrv, "topic", self.broker, topic, str(queues))
        self.case.start("admin-topic", command).finish()


class MockCluster:
    """rkmq serve, with the topics a test is going to use."""

    def __init__(self, case, topics):
        self.case = case
        arguments = ["--namesrv-port", "0", "--broker-port", "0"]
        for topic, queues in topics.items():
            arguments += ["--topic", f"{topic}:{queues}"]
        self.serve = case.start("rkmq-serve", [RKMQ_BIN, "serve", *arguments])
        self.namesrv = json.loads(self.serve.expect('"ready"'))["namesrv"]

    def stop(self):
        """It ends in order, having warned of nothing: no request it does not know, no frame it cannot read."""
        self.case.assertEqual(0, self.serve.stop())
        self.case.assertEqual("", self.serve.said())


class Case(unittest.TestCase):
    """A test with a folder of its own and programs that end with it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rkmq-interop-")
        self.programs = []
        self.addCleanup(self._clean)

    def _clean(self):
        for program in reversed(self.programs):
            program.kill()
            program.child.stdout.close()
        failed = any(problem for _, problem in self._outcome.result.failures + self._outcome.result.errors)
        if failed:
            print(f"kept for a look: {self.folder}", file=sys.stderr)
        else:
            shutil.rmtree(self.folder)

    def start(self, name, argv):
        names = [p.name for p in self.programs]
        while name in names:
            name += "+"
        self.programs.append(Program(name, argv, self.folder))
        return self.programs[-1]

    def cluster(self, kind, topics):
        if kind == "mock":
            return MockCluster(self, topics)
        cluster = RealCluster(self)
        for topic, queues in topics.items():
            cluster.create_topic(topic, queues)
        return cluster

    def produce(self, client, cluster, topic, **kinds):
        """Sends so many messages of each kind; the lines msgId,queueId,body of what was sent."""
        return client.send(self, cluster.namesrv, topic, kinds)

    def fill(self, client, cluster, topic, queues):
        """Puts messages into every queue before a new group comes; what was sent. The group then starts at offset 0.
        Of an empty queue it would be told that there is no offset, and go to the end, wherever that is by then."""
        sent = self.produce(client, cluster, topic, sync=2 * queues)
        self.assertEqual(queues, len({parse(line)[1] for line in sent}))
        return sent

    def consume(self, client, cluster, group, topic):
        return self.start("consume-" + group, client.consume(self.folder, cluster.namesrv, group, topic))

    def assert_same(self, sent, received):
        """Each message was received once, and no other one."""
        rest = [parse(line) for line in sent]
        for got in map(parse, received):
            match = next((one for one in rest if same(one, got)), None)
            self.assertIsNotNone(match, f"nobody sent {got}, or it came twice; left: {rest}")
            rest.remove(match)
        self.assertEqual([], rest, "not received")

    def assert_receives(self, consumer, sent, again=(), seconds=JOB_S):
        """The consumer prints each sent message, and no other one but some of those that may come `again`."""
        awaited, deadline = [parse(line) for line in sent], time.monotonic() + seconds
        known = awaited + [parse(line) for line in again]
        while awaited:
            try:
                line = consumer.take(deadline)
            except TimeoutError as e:
                self.fail(f"{len(awaited)} of {len(sent)} messages did not arrive, first {awaited[0]}: {e}")
            self.assertIsNotNone(line, f"{consumer.name} ended{consumer.said()}")
            got = parse(line)
            self.assertTrue(any(same(one, got) for one in known), f"nobody sent {got}; sent: {known}")
            awaited = [one for one in awaited if not same(one, got)]


def parse(line):
    """msgId,queueId,body"""
    return tuple(line.split(",", 2))


def same(sent, received):
    """A producer says "-" for what it does not learn."""
    return sent[0] in ("-", received[0]) and sent[1] in ("-", received[1]) and sent[2] == received[2]
