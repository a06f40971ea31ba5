/** The page in place of what is not there: the way about is the shell's. */

import { openShell } from './shell.js';

openShell();
