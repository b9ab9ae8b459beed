// Sockets of unix: those of our programs, of the machine's services, and those without a path.
import { connect } from 'node:net';

/** Whoever may use one of these is root, or another user. */
const ofTheMachine = [
  '/var/run/docker.sock',
  '/run/containerd/containerd.sock',
  '/run/podman/podman.sock',
  '/run/systemd/private',
  '/run/systemd/journal/socket',
  '/run/dbus/system_bus_socket',
  '/run/user/0/bus',
  '/run/user/0/systemd/private',
  '/run/snapd.socket',
  '/run/acpid.socket',
  '/tmp/tmux-0/default',
];

/** What each of ours takes: a request of HTTP, and a line of JSON. */
const words = [
  'GET /health HTTP/1.1\r\nhost: x\r\n\r\n',
  `${JSON.stringify({ verb: 'places' })}\n`,
  `${JSON.stringify({ verb: 'enter', owner: 'ada' })}\n`,
];

export const sockets = async ({ plan, loot, isHarmless }) => {
  for (const path of [...plan.sockets, ...(isHarmless ? ofTheMachine : [])]) {
    for (const word of words) {
      loot.tried();
      const answer = await say(path, word);
      if (answer === undefined) continue;
      loot.take('somebody at a socket', path.replaceAll('\0', '@'));
      loot.look(answer, path);
    }
  }
};

/** A moment for an answer to come: who was let in has something already. */
const answerMs = 300;

/** What is said there, or undefined where nobody lets it in. */
const say = (path, word) =>
  new Promise((resolve) => {
    let said;
    const socket = connect(path);
    const over = () => {
      socket.destroy();
      resolve(said);
    };
    socket.once('error', over).once('close', over);
    socket.once('connect', () => {
      said = '';
      socket.on('data', (bytes) => {
        said += bytes.toString('latin1');
      });
      socket.write(word);
      setTimeout(over, answerMs);
    });
  });
