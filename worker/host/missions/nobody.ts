/** Whose a mission is that was taken back: another server's, or one too many of its owner's. No user has this id. */
export const nobody = '';

/** For the server that wrote into it. */
export const foreignText = (mission: string): string => `mission ${mission} belongs to another server`;
export const tooManyText = (mission: string, limit: number): string =>
  `mission ${mission} was not made by the edge, and its owner has the ${limit} missions here that they may have`;
export const takenBackText = (mission: string): string =>
  `mission ${mission} was taken back: it belongs to another server, or its owner may have no more here`;
