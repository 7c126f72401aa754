/** Characters that central asks of a password, too. */
export const SHORTEST_PASSWORD = 12;

export const PASSWORD_HINT = `At least ${SHORTEST_PASSWORD} characters; a few unrelated words are easy to keep in mind.`;
