import * as vscode from "vscode";
import { LanguageClient, TransportKind } from "vscode-languageclient/node";
import { command, type Command } from "./command";
import { Preview } from "./preview";

let client: LanguageClient | undefined;

/** Start the language server, and take the commands. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const preview = new Preview();
  context.subscriptions.push(
    preview,
    vscode.commands.registerCommand("flowspec.preview", () => preview.show()),
    vscode.commands.registerCommand("flowspec.restart", restart),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("flowspec.command")) void restart();
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

async function restart(): Promise<void> {
  await client?.dispose();
  await start();
}

async function start(): Promise<void> {
  const flowspec = command();
  client = made(flowspec);
  try {
    await client.start();
  } catch {
    await advise(flowspec);
  }
}

function made(flowspec: Command): LanguageClient {
  const run = {
    command: flowspec.name,
    args: [...flowspec.words, "lsp"],
    transport: TransportKind.stdio,
  };
  return new LanguageClient(
    "flowspec",
    "FlowSpec",
    { run, debug: run },
    {
      documentSelector: [
        { scheme: "file", language: "flow" },
        { scheme: "untitled", language: "flow" },
      ],
    },
  );
}

/** Say how to get a server that cannot be started. */
async function advise(flowspec: Command): Promise<void> {
  const settings = "Open Settings";
  const answer = await vscode.window.showErrorMessage(
    `\`${flowspec.name}\` cannot be started as a language server. Install it with ` +
      '`pip install "flowspec[lsp]"`, or say where it is in `flowspec.command`.',
    settings,
  );
  if (answer === settings) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "flowspec.command");
  }
}
