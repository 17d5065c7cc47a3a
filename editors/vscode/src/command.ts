import * as vscode from "vscode";

/** The command `flowspec`: the name of a program, and words before its arguments. */
export interface Command {
  name: string;
  words: string[];
}

/** The command as the settings have it. */
export function command(): Command {
  const written = vscode.workspace.getConfiguration("flowspec").get<string[]>("command");
  const [name = "flowspec", ...words] = written ?? [];
  return { name, words };
}
