import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";
import { command } from "./command";

const LONGEST = 60_000;

/** The picture of a flow beside its text, drawn anew when the text is saved. */
export class Preview implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private document: vscode.TextDocument | undefined;
  private readonly saves = vscode.workspace.onDidSaveTextDocument((saved) => {
    if (this.panel && saved.uri.toString() === this.document?.uri.toString()) void this.draw();
  });

  async show(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    if (document?.languageId !== "flow") return;
    this.document = document;
    if (!this.panel) {
      this.panel = vscode.window.createWebviewPanel(
        "flowspec.preview",
        "Flow",
        { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
        { enableScripts: false, localResourceRoots: [] },
      );
      this.panel.onDidDispose(() => (this.panel = undefined));
    }
    this.panel.title = path.basename(document.fileName);
    await this.draw();
  }

  dispose(): void {
    this.saves.dispose();
    this.panel?.dispose();
  }

  private async draw(): Promise<void> {
    const document = this.document;
    if (!document || !this.panel) return;
    this.panel.webview.html = page("<p>drawing ...</p>");
    const shown = await picture(document.getText(), path.dirname(document.fileName));
    if (this.panel && document === this.document) this.panel.webview.html = page(shown);
  }
}

/** The picture of a text as HTML, or why there is none. */
async function picture(text: string, folder: string): Promise<string> {
  const place = await fs.mkdtemp(path.join(os.tmpdir(), "flowspec-"));
  const file = path.join(place, "shown.flow");
  const drawn = path.join(place, "shown.png");
  try {
    await fs.writeFile(file, text);
    await run(["show", file, "--plot", drawn], folder);
    const data = (await fs.readFile(drawn)).toString("base64");
    return `<img alt="density and samples of the flow" src="data:image/png;base64,${data}">`;
  } catch (error) {
    return `<pre>${escaped(error instanceof Error ? error.message : String(error))}</pre>`;
  } finally {
    await fs.rm(place, { recursive: true, force: true });
  }
}

function run(words: string[], cwd: string): Promise<void> {
  const flowspec = command();
  const options = { cwd, timeout: LONGEST, env: { ...process.env, NO_COLOR: "1" } };
  return new Promise((resolve, reject) => {
    execFile(flowspec.name, [...flowspec.words, ...words], options, (error, _, said) => {
      if (error) reject(new Error(said.trim() || error.message));
      else resolve();
    });
  });
}

function page(body: string): string {
  const allowed = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${allowed}">
<style>
  body { padding: 1em; }
  img { max-width: 100%; background: white; }
  pre { white-space: pre-wrap; }
</style>
</head>
<body>${body}</body>
</html>`;
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
