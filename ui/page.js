// Opens cited documents beside the conversation. Text from documents is only ever put in as text (textContent), never as HTML.
(() => {
  "use strict";
  const BLOCK = 6000; // characters of a document per element: those out of sight are not laid out, so that 5 MB open at once
  const loaded = new Map(); // document id → promise of { text, units }
  let opener = null; // the link that opened the document, to return to

  const element = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };

  // Offsets count characters (code points), JavaScript counts UTF-16 units: `units(offset)` converts.
  function converter(text) {
    if (!/[\ud800-\udbff]/.test(text)) return (offset) => offset;
    const wide = [];
    let points = 0;
    for (const character of text) {
      if (character.length === 2) wide.push(points);
      points += 1;
    }
    return (offset) => {
      let low = 0;
      let high = wide.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (wide[middle] < offset) low = middle + 1;
        else high = middle;
      }
      return offset + low;
    };
  }

  async function fetchDocument(id) {
    const response = await fetch(`v1/documents/${encodeURIComponent(id)}`, { headers: { accept: "application/json" } });
    const body = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error([body.error?.message, body.error?.hint].filter(Boolean).join(". ") || `The server answered ${response.status}.`);
    const units = converter(body.text);
    return { text: body.text, units, asides: asides(body.text.length, body.passages ?? [], units) };
  }

  // What lies between the passages (menus, teasers and the like) is neither searched nor cited.
  function asides(length, passages, units) {
    const gaps = [];
    let position = 0;
    for (const { start, end } of [...passages].sort((a, b) => a.start - b.start)) {
      if (units(start) > position) gaps.push({ start: position, end: units(start), css: "aside" });
      position = Math.max(position, units(end));
    }
    if (passages.length && position < length) gaps.push({ start: position, end: length, css: "aside" });
    return gaps;
  }

  function load(id) {
    if (!loaded.has(id)) {
      const promise = fetchDocument(id);
      promise.catch(() => loaded.delete(id));
      loaded.set(id, promise);
      if (loaded.size > 8) loaded.delete(loaded.keys().next().value);
    }
    return loaded.get(id);
  }

  // Where a link's quote stands in the text, in UTF-16 units; null where the document no longer says it.
  function locate({ text, units }, link) {
    const { start, end, quote } = link.dataset;
    const span = { start: units(Number(start)), end: units(Number(end)) };
    if (text.slice(span.start, span.end) === quote) return span;
    const found = text.indexOf(quote);
    return found < 0 ? null : { start: found, end: found + quote.length };
  }

  // Boundaries of the elements that hold the text: at line ends where there are any, else at a space.
  function* blocks(text) {
    let start = 0;
    while (start < text.length) {
      let end = Math.min(start + BLOCK, text.length);
      if (end < text.length) {
        const line = text.lastIndexOf("\n", end);
        const space = text.lastIndexOf(" ", end);
        if (line > start) end = line + 1;
        else if (space > start) end = space + 1;
      }
      yield { start, end };
      start = end;
    }
  }

  // The text in pieces; `spans` are in order and do not overlap.
  function paint(text, spans) {
    const body = element("div", { class: "body" });
    let next = 0;
    for (const block of blocks(text)) {
      const node = element("div", { class: "stretch", dir: "auto" });
      let position = block.start;
      while (next < spans.length && spans[next].start < block.end) {
        const { start, end, tag, css } = spans[next];
        const from = Math.max(start, position);
        const to = Math.min(end, block.end);
        if (from < to) {
          node.append(text.slice(position, from), element(tag, css ? { class: css } : {}, text.slice(from, to)));
          position = to;
        }
        if (end > block.end) break; // goes on in the next element
        next += 1;
      }
      node.append(text.slice(position, block.end));
      body.append(node);
    }
    return body;
  }

  // The active quote whole, then the other quotes, then the asides, each only where nothing before it stands; in order.
  function arrange(active, others, gaps) {
    const chosen = active ? [{ ...active, tag: "mark", css: "active" }] : [];
    const clear = (span) => chosen.every((other) => span.end <= other.start || span.start >= other.end);
    for (const span of others) if (span && clear(span)) chosen.push({ ...span, tag: "mark" });
    chosen.push(...gaps.filter(clear).map((gap) => ({ ...gap, tag: "span" })));
    return chosen.sort((a, b) => a.start - b.start);
  }

  function frame(link, ...content) {
    const { title, date, file, page } = link.dataset;
    const back = element("button", { type: "button", class: "back" }, "Back to the evidence");
    const details = element("p", { class: "details" });
    details.append(date && `${date} · `, element("span", { class: "file", dir: "ltr" }, file), page && ` · p. ${page}`);
    const top = element("header", {}, back, element("h2", { dir: "auto" }, title), details);
    return [top, ...content];
  }

  function show(...nodes) {
    const reader = document.getElementById("document");
    reader.replaceChildren(...nodes);
    reader.hidden = false;
    document.body.classList.add("reading");
    return reader;
  }

  function settle(reader, mark) {
    const go = () => (mark || reader).scrollIntoView({ block: mark ? "center" : "start" });
    go();
    requestAnimationFrame(() => requestAnimationFrame(go)); // once more when what is near has its real height
  }

  async function open(link) {
    opener = link;
    const scope = link.closest(".turn");
    const peers = scope ? [...scope.querySelectorAll(".text a.cite")].filter((peer) => peer.dataset.document === link.dataset.document) : [];
    for (const old of document.querySelectorAll("a.current")) old.classList.remove("current");
    link.classList.add("current");
    let nodes;
    try {
      const source = await load(link.dataset.document);
      const active = locate(source, link);
      const spans = arrange(active, peers.map((peer) => locate(source, peer)), source.asides);
      nodes = [paint(source.text, spans)];
      if (!active) nodes.unshift(notice("The document has changed since this answer, and no longer holds these words:", link));
    } catch (error) {
      nodes = [notice(`The document cannot be opened. ${error.message} The quoted words:`, link)];
    }
    if (opener !== link) return; // another one was clicked meanwhile
    const reader = show(...frame(link, ...nodes));
    reader.setAttribute("aria-label", `Document: ${link.dataset.title}`);
    reader.focus({ preventScroll: true });
    settle(reader, reader.querySelector("mark.active"));
  }

  const notice = (text, link) =>
    element("div", { class: "notice" }, element("p", {}, text), element("blockquote", { dir: "auto" }, link.dataset.quote));

  function close() {
    const reader = document.getElementById("document");
    if (!reader || reader.hidden) return;
    reader.hidden = true;
    reader.replaceChildren();
    document.body.classList.remove("reading");
    for (const old of document.querySelectorAll("a.current")) old.classList.remove("current");
    if (opener?.isConnected) opener.focus();
    opener = null;
  }

  // The evidence of an answer: that of the last one stands in the panel already, that of an earlier one is kept beside it.
  function showEvidence(button) {
    const kept = button.closest(".turn").querySelector(".kept");
    if (!kept) {
      close();
      document.getElementById("panel").scrollIntoView({ block: "start" });
      return;
    }
    opener = button;
    const back = element("button", { type: "button", class: "back" }, "Back to the latest evidence");
    const copy = [...kept.cloneNode(true).childNodes];
    const reader = show(element("header", {}, back), ...copy);
    reader.setAttribute("aria-label", "Evidence of an earlier answer");
    reader.focus({ preventScroll: true });
    settle(reader);
  }

  // What was said of answers, by their id: Gradio draws the conversation anew, and what was pressed and typed must outlast that.
  const verdicts = new Map(); // id → { good, note, kept: { good, note }, told, sending }

  function verdictOn(node) {
    const id = node.closest(".feedback").dataset.answer;
    if (!verdicts.has(id)) verdicts.set(id, { good: null, note: "", kept: { good: null, note: "" }, told: "", sending: Promise.resolve() });
    return [id, verdicts.get(id)];
  }

  function drawVerdict(id) {
    const { good, note, told, failed } = verdicts.get(id);
    for (const group of document.querySelectorAll(".feedback")) {
      if (group.dataset.answer !== id) continue;
      for (const thumb of group.querySelectorAll(".thumb")) thumb.setAttribute("aria-pressed", String(thumb.dataset.good === String(good)));
      const input = group.querySelector("input");
      const label = good ? "Add a note" : "What was wrong?";
      if (input.value !== note) input.value = note;
      input.placeholder = label;
      input.setAttribute("aria-label", label);
      input.parentNode.hidden = good === null;
      const line = group.querySelector(".told");
      if (line.textContent !== told) line.textContent = told;
      line.classList.toggle("fault", Boolean(failed));
    }
  }

  async function send(id, good, note) {
    let response;
    try {
      response = await fetch("v1/feedback", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ id, good, note }) });
    } catch {
      throw new Error("the server cannot be reached");
    }
    if (response.ok) return;
    const body = await response.json().catch(() => ({}));
    throw new Error(response.status === 404 ? "the server no longer knows this answer" : body.error?.message || `the server answered ${response.status}`);
  }

  // One after the other, as the last word counts; what could not be kept is taken back. Without a note the one before stays.
  function judge(id, good, note, told) {
    const verdict = verdicts.get(id);
    Object.assign(verdict, { good, told: "", failed: false });
    drawVerdict(id);
    verdict.sending = verdict.sending.then(async () => {
      try {
        const words = note ?? verdict.kept.note;
        await send(id, good, words);
        Object.assign(verdict, { good, told, kept: { good, note: words } });
      } catch (error) {
        Object.assign(verdict, { good: verdict.kept.good, told: `Not saved: ${error.message}.`, failed: true });
      }
      drawVerdict(id);
    });
  }

  function press(thumb) {
    const [id, verdict] = verdictOn(thumb);
    const good = thumb.dataset.good === "true";
    if (verdict.good !== good) judge(id, good, null, "");
    thumb.closest(".feedback").scrollIntoView({ block: "nearest" });
  }

  function save(node) {
    const [id, verdict] = verdictOn(node);
    judge(id, verdict.good, verdict.note.trim(), "Saved.");
  }

  document.addEventListener("input", (event) => {
    if (!event.target.closest(".remark")) return;
    const [id, verdict] = verdictOn(event.target);
    Object.assign(verdict, { note: event.target.value, told: "", failed: false });
    drawVerdict(id);
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-document]");
    if (link) {
      event.preventDefault();
      open(link);
    } else if (event.target.closest("button.back")) close();
    else if (event.target.closest("button.show-evidence")) showEvidence(event.target.closest("button"));
    else if (event.target.closest(".thumb")) press(event.target.closest(".thumb"));
    else if (event.target.closest(".save")) save(event.target);
    else if (event.target.closest("a.away")) event.target.target = document.querySelector(".turn") ? "_blank" : ""; // a conversation stays open
    else if (event.target.closest("button.unfold")) unfold(event.target.closest("button.unfold"));
    else if (event.target.closest(".keep-report")) keepReport();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && !event.isComposing && event.target.closest(".remark input")) save(event.target);
  });

  // A row of the table of documents, and the row below it.
  function unfold(button) {
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    document.getElementById(button.getAttribute("aria-controls")).hidden = !open;
  }

  // The report that is shown, as a file.
  function keepReport() {
    const frame = document.querySelector("#report iframe");
    const address = URL.createObjectURL(new Blob([frame.srcdoc], { type: "text/html" }));
    element("a", { href: address, download: frame.dataset.file }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  // The newest words stay in sight, unless the reader has scrolled up. A new question closes the document and shows itself.
  function follow(talk) {
    const current = document.getElementById("current");
    let near = true;
    let before = {};
    talk.addEventListener("scroll", () => {
      near = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 80;
    });
    new MutationObserver(() => {
      const question = current.querySelector(".question")?.textContent;
      const over = !current.querySelector('[data-phase="waiting"], [data-phase="searching"], [data-phase="writing"]');
      if (question && (question !== before.question || (before.over && !over))) {
        near = true;
        opener = null;
        close();
        if (getComputedStyle(talk).overflowY === "visible") {
          document.activeElement?.blur(); // a phone's keyboard would stand before the answer
          current.scrollIntoView({ block: "start" });
        }
      }
      before = { question, over };
      for (const id of verdicts.keys()) drawVerdict(id);
      if (near) talk.scrollTop = talk.scrollHeight;
    }).observe(talk, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["data-phase"] });
  }

  new MutationObserver((_, observer) => {
    const talk = document.getElementById("talk");
    const name = ["Evaluation", "Documents"].find((title) => document.getElementById(title.toLowerCase()));
    if (name) document.title = `${name} – Footnote`;
    else if (!talk || !document.getElementById("current")) return;
    observer.disconnect();
    if (!talk) return;
    document.getElementById("question")?.querySelector("textarea")?.setAttribute("aria-label", "Question");
    follow(talk);
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
