// `RECORD_API=<file>`: instead of its tests this suite writes down what the API answers, so that two versions can be
// compared.

/** Where the record goes; empty where none is wanted. */
export const recordFile = process.env.RECORD_API ?? '';

/** Two people of one system: who owns what the cases make, and somebody else who may not add servers. */
export const ada = { username: 'ada', password: 'correct horse battery' };
export const bob = { username: 'bob', password: 'another horse battery' };

/** Known, so that tokens can be made that this system signed and yet refuses. */
export const jwtSecret = 'the secret of a record, which is known';

export const usersOfRecord = {
  OPEN_AGENT_USERS: JSON.stringify([{ ...ada, admin: true }, bob]),
  JWT_SECRET: jwtSecret,
};
