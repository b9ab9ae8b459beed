/** Programs whose first argument says what they do: `git push` is another thing than `git log`. */
const two = new Set(
  (
    'apt apt-get asdf bazel brew bun bundle cargo cmake composer conda crictl dart deno dnf docker dotnet flutter git ' +
    'go gradle ./gradlew helm heroku hugo ip just k3d kind kubectl kustomize make minikube mise mix mvn ./mvnw ng npm ' +
    'npx nvm nx openssl opkg pacman pip pip3 pipx pnpm podman poetry psql pulumi pyenv python python3 rails rake rbenv ' +
    'redis-cli rustup sbt serverless snap svn swift systemctl task terraform tmux tofu turbo uv vault vercel volta ' +
    'wrangler yarn yum zig'
  ).split(' '),
);

/** Those of which it takes two arguments, by program or by program and first argument. */
const three = new Set([
  ...'aws az doctl eksctl flyctl gcloud gh glab hcloud oc sfdx'.split(' '),
  ...['bun run', 'bun x', 'cargo run', 'deno task', 'git config', 'git remote', 'git stash', 'git worktree'],
  ...['docker compose', 'docker container', 'docker image', 'docker network', 'docker volume', 'podman compose'],
  ...['ip addr', 'ip link', 'ip route', 'kubectl config', 'kubectl rollout', 'npm exec', 'npm run', 'pnpm dlx'],
  ...['pnpm exec', 'pnpm run', 'poetry run', 'pulumi stack', 'terraform workspace', 'uv pip', 'uv run', 'yarn dlx'],
  ...['yarn run', 'openssl x509', 'openssl req', 'vault kv', 'bundle exec', 'dotnet tool'],
]);

/** What "always" allows of a command: as many of its words as say what it does. */
export const commandPrefix = (words: readonly string[]): string => {
  const [name = '', first = ''] = words;
  const count = three.has(name) || three.has(`${name} ${first}`) ? 3 : two.has(name) ? 2 : 1;
  return words.slice(0, count).join(' ');
};
