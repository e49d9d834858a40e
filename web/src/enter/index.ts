// The ways in: one file, which whoever is signed in never loads.

export { Enter } from "./enter.js";
export { Invitation } from "./invitation.js";
export { LoginLink } from "./login-link.js";
