// Drives the operator page in Chromium: node operator_page.cjs DOOR_SERVER [DIRECTORY_FOR_SCREENSHOTS]
// Every promise is one line of output; the exit status is 0 only when all were kept.
"use strict";
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const modules = process.env.NODE_PATH || path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "vanthu/npm/node_modules");
const { chromium } = require(require.resolve("playwright-core", { paths: modules.split(path.delimiter).concat(__dirname) }));

const browser_program = process.env.CHROMIUM || ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((p) => fs.existsSync(p));
const [server_program, pictures] = process.argv.slice(2);

let broken = 0;
async function promise(name, keep) {
  try {
    await keep();
    console.log(`kept    ${name}`);
  } catch (e) {
    broken += 1;
    console.log(`BROKEN  ${name}\n        ${String(e.message).split("\n").slice(0, 12).join("\n        ")}`);
  }
}
function must(condition, what) {
  if (!condition) throw new Error(what);
}

function start_door() {
  const child = spawn(server_program, [], { stdio: ["pipe", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    let text = "";
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`the door ended with ${code}`)));
    child.stdout.on("data", (piece) => {
      text += piece;
      const line = text.match(/^(\S+) (\S+)\n/m);
      if (line) resolve({ child, origin: `http://${line[1]}`, secret: line[2] });
    });
  });
}

async function main() {
  must(browser_program, "no Chromium found: install the package chromium");
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "vanthu-browser-"));
  const door = await start_door();
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: browser_program, headless: true, viewport: { width: 1280, height: 900 }, locale: "vi-VN",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  const complaints = [], strangers = [], dialogs = [];
  let expect_refusals = false; // Chromium writes every 401 and every lost connection to its console
  context.on("request", (r) => { if (!r.url().startsWith(`${door.origin}/`)) strangers.push(r.url()); });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(20000);
  page.on("dialog", (d) => { dialogs.push(d.message()); d.dismiss(); });
  page.on("pageerror", (e) => complaints.push(String(e)));
  page.on("console", (m) => {
    if (m.type() !== "error" && m.type() !== "warning") return;
    if (expect_refusals && /Failed to load resource/.test(m.text())) return;
    complaints.push(m.text());
  });
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (e) => window.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
  });
  const picture = (name) => pictures && page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
  const text_of = (selector) => page.locator(selector).first().innerText();
  // Not waitForFunction: it evaluates text, which the page's policy forbids.
  const rows = async (n) => {
    for (let i = 0; i < 200 && (await page.locator("tbody tr").count()) !== n; i += 1) await page.waitForTimeout(100);
    must((await page.locator("tbody tr").count()) === n, `not ${n} rows`);
  };
  const violations = [];
  const note_violations = async () => violations.push(...(await page.evaluate(() => window.violations)));

  await promise("a wrong secret is told and nothing is shown", async () => {
    expect_refusals = true;
    await page.goto(`${door.origin}/`);
    await page.fill("#secret", "wrong-secret");
    await page.keyboard.press("Enter");
    await page.waitForSelector("form .wrong");
    must((await text_of("form .wrong")).includes("Mã truy cập không đúng"), "no message");
    must(await page.locator("#nav").isHidden(), "the navigation is visible");
    await picture("secret");
    expect_refusals = false;
  });

  await promise("the secret of the address leaves the address bar and opens the page", async () => {
    expect_refusals = true;
    await note_violations();
    await page.goto("about:blank");
    await page.goto(`${door.origin}/#secret=${encodeURIComponent(door.secret)}`);
    await page.waitForSelector(".tiles");
    must(!page.url().includes("secret"), `still in the address: ${page.url()}`);
    must(!(await page.content()).includes(door.secret), "the secret stands in the page");
    must((await context.cookies()).length === 0, "a cookie was set");
    expect_refusals = false;
  });

  await promise("the overview says in Vietnamese what waits, why and when it is tried again", async () => {
    const main = await text_of("main");
    for (const wanted of ["Cần người xử lý", "Tạm giữ tại đây: Đã hết số lần gửi cho phép.", "Gửi lại lúc", "Bộ Tài chính", "Hàng chờ theo đầu mối"])
      must(main.includes(wanted), `missing: ${wanted}\n${main.slice(0, 2000)}`);
    must(/Cập nhật lúc \d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d UTC\+7/.test(await text_of("#updated")), "no time of the update");
    await picture("overview");
  });

  await promise("hostile text is shown as text", async () => {
    const main = await text_of("main");
    must(main.includes("<script>alert(1)</script><img src=x onerror=alert(2)>"), "the subject is not shown as it is");
    must(main.includes("⟨U+202E⟩"), "the direction mark is not shown");
    must((await page.locator("main script, main img").count()) === 0, "an element was made from text");
  });

  await promise("the language is switched and kept", async () => {
    await page.click("button[data-language=en]");
    must((await text_of("main")).includes("Needs somebody"), "not in English");
    must((await page.evaluate(() => document.documentElement.lang)) === "en", "lang is not en");
    await page.reload();
    await page.waitForSelector(".tiles");
    must((await text_of("main")).includes("All attempts allowed have been used."), "the reason is not in English");
    await picture("overview-en");
    await page.click("button[data-language=vi]");
    must((await text_of("main")).includes("Cần người xử lý"), "not back in Vietnamese");
  });

  await promise("a refresh changes no element that has not changed", async () => {
    await page.evaluate(() => { document.querySelector("section").mark = 1; document.querySelector("tbody tr").mark = 1; });
    await page.waitForResponse((r) => r.url().endsWith("/api/overview"));
    await page.waitForTimeout(200);
    must(await page.evaluate(() => document.querySelector("section").mark === 1 && document.querySelector("tbody tr").mark === 1), "elements were replaced");
  });

  await promise("a document is found by number and notation, by keyboard alone", async () => {
    await page.focus("nav a[data-view=documents]");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#q");
    await page.focus("#q");
    await page.keyboard.type("321/UBND-VP");
    await page.keyboard.press("Enter");
    await rows(1);
    must((await text_of("tbody")).includes("Về việc chấn chỉnh công tác văn thư"), "not this document");
    await picture("documents-search");
    await page.fill("#q", "");
    await page.keyboard.press("Enter");
    await rows(12);
    await picture("documents");
  });

  await promise("the ladder shows each recipient's steps with proof and the reason to wait", async () => {
    await page.click("text=Về việc chấn chỉnh công tác văn thư");
    await page.waitForSelector(".ladder");
    must((await page.locator(".recipient").count()) === 3, "not three recipients");
    const late = await text_of(".recipient.s-deferred");
    for (const wanted of ["Máy chủ bên kia từ chối kết nối", "Gửi lại:", "Đã thử 3 lần"]) must(late.includes(wanted), `missing: ${wanted}\n${late}`);
    must((await text_of("article")).includes("SHA-256"), "no proof");
    await page.click("summary");
    await page.waitForResponse((r) => r.url().includes("/api/documents/"));
    await page.waitForTimeout(200);
    must(await page.locator("details[open] pre").isVisible(), "the refresh closed the signature report");
    await picture("document");
  });

  await promise("a parked transfer is released and the page says so", async () => {
    await page.goto(`${door.origin}/#/documents?state=parked`);
    await page.click("text=Về việc cung cấp số liệu đầu tư công");
    await page.click("button[data-action=release]");
    await page.waitForSelector("#said:not([hidden])");
    must((await text_of("#said")).includes("Đã cho gửi lại"), await text_of("#said"));
    await page.waitForSelector("text=Người vận hành cho gửi lại");
  });

  await promise("a document is released as a whole, in either language, and what stays parked is told", async () => {
    await page.goto(`${door.origin}/#/documents?state=parked`);
    await page.click("text=Thông báo kết luận cuộc họp giao ban");
    must((await text_of("button[data-action=release_document]")) === "Cho phần tạm giữ đi tiếp", "no button");
    await page.click("button[data-action=release_document]");
    await page.waitForSelector("#said:not([hidden]).wrong");
    must((await text_of("#said")).includes("Còn 1 nơi nhận bị tạm giữ: lý do ghi ở từng nơi nhận."), await text_of("#said"));
    await page.click("button[data-language=en]");
    must((await text_of("button[data-action=release_document]")) === "Release what is parked", "not in English");
    await page.click("button[data-action=release_document]");
    await page.waitForSelector("text=1 recipients stay parked");
    await page.click("button[data-language=vi]");
    await picture("release");
    await page.goto(`${door.origin}/#/documents?state=delivered`);
    await page.click("text=Báo cáo tình hình kinh tế");
    await page.waitForSelector(".ladder");
    must((await page.locator("button[data-action=release_document]").count()) === 0, "a button where nothing is parked");
  });

  await promise("a held document goes back to its sender only with a reason", async () => {
    await page.goto(`${door.origin}/#/documents?state=parked`);
    await page.click("text=Thông báo kết luận cuộc họp giao ban");
    await page.waitForSelector(".ladder");
    must((await text_of("button[data-action=send_back]")) === "Trả lại nơi gửi…", "no button for what the registry could not place");
    await page.goto(`${door.origin}/#/documents?state=delivered`);
    await page.click("text=Báo cáo tình hình kinh tế");
    await page.waitForSelector(".ladder");
    must((await page.locator("button[data-action=send_back]").count()) === 0, "a button where nothing is parked");
    await page.goto(`${door.origin}/#/documents?state=parked`);
    await page.click("text=Về việc chấn chỉnh kỷ luật hành chính");
    must((await text_of("button[data-action=send_back]")) === "Trả lại nơi gửi…", "no button");
    await page.click("button[data-action=send_back]");
    must((await text_of("form[data-form=send_back]")).includes("2 nơi nhận đang tạm giữ sẽ không nhận văn bản này."), "no hint");
    must(await page.evaluate(() => document.activeElement.id === "reason"), "the focus is elsewhere");
    await page.click("form[data-form=send_back] button.danger");
    must((await page.locator("form[data-form=send_back]").count()) === 1, "returned without a reason");
    await page.fill("#reason", "Thiếu chữ ký <b>cơ quan</b>");
    await page.waitForResponse((r) => r.url().includes("/api/documents/"));
    await page.waitForTimeout(200);
    must((await page.inputValue("#reason")) === "Thiếu chữ ký <b>cơ quan</b>", "the refresh emptied the form");
    await picture("send-back");
    await page.keyboard.press("Escape");
    await page.click("button[data-action=cancel]");
    must((await page.locator("form[data-form=send_back]").count()) === 0, "not called off");
    await page.click("button[data-language=en]");
    must((await text_of("button[data-action=send_back]")) === "Return to the sender…", "not in English");
    await page.click("button[data-language=vi]");
    await page.click("button[data-action=send_back]");
    await page.fill("#reason", "Thiếu chữ ký <b>cơ quan</b>");
    await page.keyboard.press("Enter");
    await page.waitForSelector("text=Người vận hành trả lại nơi gửi: Thiếu chữ ký <b>cơ quan</b>");
    must((await text_of("#said")).includes("Đã trả lại nơi gửi, thay cho 2 nơi nhận."), await text_of("#said"));
    must((await page.locator("button[data-action=send_back], button[data-action=release_document]").count()) === 0, "still a button");
  });

  await promise("a secret packet is destroyed only with officer and reason", async () => {
    await page.click("nav a[data-view=quarantine]");
    await page.click("button[data-action=destroy]");
    await picture("quarantine");
    await page.fill("#officer", "Trần Thị Mẫu");
    await page.click("button.danger");
    must((await page.locator("form.destroy").count()) === 1, "destroyed without a reason");
    await page.waitForResponse((r) => r.url().endsWith("/api/quarantine"));
    await page.waitForTimeout(200);
    must((await page.inputValue("#officer")) === "Trần Thị Mẫu", "the refresh emptied the form");
    await page.fill("#reason", "Quyết định số 12");
    await page.click("form.destroy button.danger");
    await page.waitForSelector("text=Khu cách ly trống.");
  });

  await promise("it can be used on a narrow screen", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const hash of ["#/", "#/documents"]) {
      await page.goto(`${door.origin}/${hash}`);
      await page.waitForSelector("tbody tr");
      must(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${hash} scrolls sideways`);
      await picture(`narrow-${hash.length}`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  await promise("a daemon that no longer answers is told, with the age of what is shown", async () => {
    await page.goto(`${door.origin}/#/`);
    await page.waitForSelector(".tiles");
    expect_refusals = true;
    await note_violations();
    door.child.removeAllListeners("exit");
    const ended = new Promise((resolve) => door.child.on("exit", resolve));
    door.child.stdin.end();
    await ended;
    await page.waitForSelector("#trouble:not([hidden])");
    must((await text_of("#trouble")).includes("Không kết nối được tới vanthud"), "no message");
    must((await page.locator(".tiles").count()) > 0, "the last figures are gone");
    await picture("trouble");
  });

  await promise("no script error, policy violation, dialog or request to anybody else", async () => {
    await note_violations();
    must(complaints.length === 0, `console: ${complaints.join(" | ")}`);
    must(violations.length === 0, `policy: ${violations.join(" | ")}`);
    must(dialogs.length === 0, `dialogs: ${dialogs.join(" | ")}`);
    const others = strangers.filter((u) => u !== "about:blank" && !u.startsWith("data:"));
    must(others.length === 0, `requests: ${others.join(" | ")}`);
  });

  await context.close();
  door.child.stdin.end();
  fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}

main().then(() => process.exit(broken ? 1 : 0), (e) => {
  console.error(e);
  process.exit(1);
});
