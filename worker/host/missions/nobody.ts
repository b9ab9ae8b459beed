/** Whose a mission is that was taken back, since it is another server's or too many are its owner's: no user has this id. */
export const nobody = '';

/** For the server that wrote into it. */
export const foreignText = (mission: string): string => `mission ${mission} belongs to another server`;
export const tooManyText = (mission: string, limit: number): string =>
  `mission ${mission} was not made by the edge, and its owner has the ${limit} missions here that they may have`;
export const takenBackText = (mission: string): string =>
  `mission ${mission} was taken back: it belongs to another server, or its owner may have no more here`;
