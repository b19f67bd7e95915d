// Lists the cases, and draws one when it is opened. Text of questions, documents and models is only ever put in as text (textContent).
(() => {
  "use strict";
  const BATCH = 60; // cases drawn at a time
  const PIECES = { 1: "found", 2: "missing", 3: "note" };
  const NOT_RIGHT = ["invented", "wrong", "withheld"];
  const MEANINGS = { right: "right", silent: "rightly silent", withheld: "withheld", unjudged: "not judged", wrong: "wrong", invented: "invented" };
  const byId = (id) => document.getElementById(id);
  const [list, more, count, outcome, type, search] = ["list", "more", "count", "outcome", "type", "search"].map(byId);
  const chunks = new Map(); // number → promise of the details of its cases
  let head, types, shown, drawn;

  const element = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value) node.setAttribute(name, value);
    node.append(...children.filter((child) => child !== null && child !== "")); // strings become text nodes
    return node;
  };
  const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;

  // --- Data ----------------------------------------------------------------------------------------------------------------------
  const unpack = async (id) => {
    const packed = Uint8Array.from(atob(byId(id).textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };
  const details = async (place) => {
    const number = Math.floor(place / head.chunk);
    if (!chunks.has(number)) chunks.set(number, unpack(`chunk-${number}`));
    return (await chunks.get(number))[place % head.chunk];
  };

  // --- Filters -------------------------------------------------------------------------------------------------------------------
  const FILTERS = {
    "not right": (one) => NOT_RIGHT.includes(one.outcome),
    all: () => true,
    ...Object.fromEntries(Object.keys(MEANINGS).map((name) => [name, (one) => one.outcome === name])),
    "right now, not before": (one) => one.moved === "gained",
    "right before, not now": (one) => one.moved === "lost",
    "judge disagrees": (one) => one.judged !== null && one.judged !== (one.outcome === "right") && one.outcome !== "unjudged",
  };
  const offer = () => {
    for (const [name, holds] of Object.entries(FILTERS)) {
      const n = head.cases.filter(holds).length;
      if (n || name === "not right" || name === "all") {
        outcome.append(element("option", { value: name }, `${MEANINGS[name] ?? name} (${n.toLocaleString("en")})`));
      }
    }
    outcome.value = head.cases.some(FILTERS["not right"]) ? "not right" : "all";
    types = [...new Set(head.cases.map((one) => one.type))].sort();
    type.append(element("option", { value: "all" }, "all"));
    types.forEach((name, place) => type.append(element("option", { value: String(place) }, name || "(none)")));
    byId("types").hidden = types.length < 2;
  };
  const apply = (first = null) => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const holds = FILTERS[outcome.value];
    const kind = type.value === "all" ? null : types[Number(type.value)];
    shown = head.cases.filter((one) => holds(one) && (kind === null || one.type === kind) && words.every((word) => one.text.includes(word)));
    if (first) shown = [first, ...shown.filter((one) => one !== first)];
    list.replaceChildren();
    drawn = 0;
    draw();
    count.textContent = shown.length === head.cases.length ? plural(shown.length, "case") : `${shown.length.toLocaleString("en")} of ${plural(head.cases.length, "case")}`;
  };
  const draw = () => {
    list.append(...shown.slice(drawn, drawn + BATCH).map(row));
    drawn = Math.min(drawn + BATCH, shown.length);
    more.hidden = drawn >= shown.length;
    more.textContent = `Show ${Math.min(BATCH, shown.length - drawn)} more`;
    if (!shown.length) list.append(element("p", { class: "soft" }, "No case fits."));
  };

  // --- A case, shut and open --------------------------------------------------------------------------------------------------------
  const tag = (text, kind = "") => element("span", { class: `tag ${kind}` }, text);
  const moved = (one) => one.moved && tag(one.moved === "lost" ? `was right in ${head.previous}` : `was not right in ${head.previous}`, one.moved);
  const row = (one) => {
    const summary = element(
      "summary", {},
      tag(MEANINGS[one.outcome], one.outcome), element("span", { class: "id" }, one.id),
      element("span", { class: "question", dir: "auto" }, one.question),
      element("span", { class: "why" }, one.why, one.moved ? " " : "", moved(one)),
    );
    const node = element("details", { class: "case", id: `case-${one.id}` }, summary);
    node.addEventListener("toggle", () => node.open && open(node, one));
    return node;
  };
  const open = async (node, one) => {
    if (node.dataset.full) return;
    node.dataset.full = "yes";
    const body = element("div", { class: "body" });
    node.append(body);
    try {
      body.append(...full(one, await details(one.place)));
    } catch (error) {
      body.append(element("p", { class: "missing" }, `This case cannot be unpacked: ${error.message}`));
      delete node.dataset.full;
      node.addEventListener("toggle", () => body.remove(), { once: true });
    }
  };

  const pieces = (parts) => parts.map(([text, state]) => (state ? element(state === 3 ? "sup" : "mark", { class: PIECES[state] }, text) : text));
  const part = (title, ...content) => {
    const inside = content.flat().filter((one) => one !== null && one !== "");
    return inside.length ? element("section", {}, element("h3", {}, title), ...inside) : null;
  };
  const quote = (text, kind = "") => element("blockquote", { dir: "auto", class: kind }, text);
  const place = (...texts) => element("p", { class: "place" }, ...texts.filter(Boolean).flatMap((text, i) => [i ? ", " : "", element("bdi", {}, text)]));
  const folded = (title, ...content) => element("details", { class: "inner" }, element("summary", {}, title), ...content);

  const full = (one, { case: asked, reply, ...rest }) => [
    element("div", { class: "pair" }, question(one, asked, reply), wanted(asked, rest)),
    element("div", { class: "pair" }, answer(one, reply, rest), support(asked)),
    withdrawn(reply),
    evidence(reply, rest),
    element("div", { class: "pair" }, marks(rest), retrieved(asked, reply)),
    costs(reply),
    prompt(reply, rest),
    element("p", { class: "place" }, element("a", { href: `#case-${encodeURIComponent(one.id)}` }, "Link to this case"), asked.note ? ` · ${asked.note}` : ""),
  ].filter(Boolean);

  const question = (one, asked, reply) => part(
    "Question",
    asked.history.map((turn) => element("p", { class: "turn", dir: "auto" }, `${turn.role}: ${turn.content}`)),
    element("p", { class: "words", dir: "auto" }, asked.question),
    reply.standalone_question !== asked.question ? element("p", { class: "words", dir: "auto" }, element("span", { class: "soft" }, "searched for: "), reply.standalone_question) : null,
  );
  const wanted = (asked, { wanted: groups }) => part(
    "Expected",
    asked.answerable ? null : element("p", { class: "words" }, "Silence: the documents do not tell."),
    groups.map(([label, options]) => element(
      "div", { class: "wanted" }, label ? element("span", { class: "soft" }, label) : null,
      element("ul", {}, ...options.map((option) => element("li", { dir: "auto" }, ...pieces(option)))),
    )),
    groups.length ? element("p", { class: "legend" }, element("mark", { class: "found" }, "in the reply"), " ", element("mark", { class: "missing" }, "not in the reply")) : null,
  );
  const answer = (one, reply, { said, supporting }) => part(
    reply.answered ? "Reply" : reply.model ? "Reply: withheld" : "Searched only",
    said.length ? element("p", { class: "words", dir: "auto" }, ...pieces(said)) : null,
    reply.reason ? element("p", { class: "soft" }, reply.reason) : null,
    one.judged === null ? null : element("p", { class: "soft" }, `The judge model says: ${one.judged ? "as expected" : "not as expected"}.`),
    reply.citations.map((cited, i) => element(
      "div", { class: "cited" },
      place(`[${cited.number}] ${cited.title}`, cited.file, `characters ${cited.start.toLocaleString("en")} to ${cited.end.toLocaleString("en")}`),
      quote(cited.quote, supporting[i] ? "gold" : ""),
      cited.verbatim ? null : element("p", { class: "bad" }, "not verbatim in the file"),
    )),
  );
  const support = (asked) => part("The case's own quote", asked.support.map((one) => element("div", { class: "cited" }, place(one.document), one.quote ? quote(one.quote, "gold") : null)));
  const withdrawn = (reply) => part("Withdrawn by the checker", reply.withdrawn.map((one) => element("p", { class: "withdrawn", dir: "auto" }, element("del", {}, one.text), element("span", { class: "bad" }, one.reason))));
  const evidence = (reply, { footnotes, gold }) => {
    let heading = null;
    const items = reply.evidence.flatMap((one, i) => {
      const above = one.heading === heading ? [] : [place(one.heading, one.file)];
      heading = one.heading;
      const notes = footnotes[i].map((number) => tag(`cited as [${number}]`, "cited-tag"));
      return [...above, element("p", { class: `shown${footnotes[i].length ? " cited-line" : ""}`, dir: "auto" }, element("span", { class: "number" }, `${one.number}`), element("span", {}, one.text, " ", ...notes, gold[i] ? tag("holds the case's quote", "right") : ""))];
    });
    return part("Evidence, as the model was shown it", items);
  };
  const marks = ({ marks: rows }) => part("Marks", element("div", { class: "scroll" }, element("table", {}, element("tbody", {}, ...rows.map(([label, value, reason]) => element("tr", {}, element("th", { scope: "row" }, label), element("td", {}, value), element("td", { class: "reason" }, reason)))))));
  const retrieved = (asked, reply) => part("Documents found, best first", reply.ranking.length ? element("ol", { class: "ranking" }, ...reply.ranking.map((file) => element("li", { class: asked.support.some((one) => one.document === file) ? "wanted-file" : "" }, file))) : "none");
  const costs = (reply) => {
    const ms = (label, value) => (value === null || value === undefined ? null : `${label} ${value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(2)} s`}`);
    const told = [ms("evidence after", reply.evidence_ms), ms("first token after", reply.first_token_ms), ms("finished after", reply.total_ms), `prompt ${reply.prompt_tokens} tokens`, `reply ${reply.completion_tokens} tokens`, `confidence ${reply.confidence.toFixed(2)}`, reply.model];
    return part("Time and cost", element("p", { class: "soft" }, told.filter(Boolean).join(" · ")));
  };
  const prompt = (reply, { prompt: messages }) => part(
    "Prompt and output",
    messages.length ? folded(plural(messages.length, "message") + " of the prompt", ...messages.map((one) => (typeof one === "number" ? head.messages[one] : one)).map(([role, content]) => element("div", { class: "message" }, element("span", { class: "role" }, role), element("pre", { dir: "auto" }, content)))) : element("p", { class: "soft" }, "The model was not asked."),
    reply.output ? folded("What the model wrote", element("pre", { dir: "auto" }, reply.output)) : null,
  );

  // --- Links to a case, and the start -------------------------------------------------------------------------------------------------
  const follow = () => {
    let id;
    try { id = decodeURIComponent(location.hash.slice(1)); } catch { return; } // no address of ours
    const one = id.startsWith("case-") && head.cases.find((each) => `case-${each.id}` === id);
    if (!one) return;
    if (!byId(id)) {
      search.value = "";
      type.value = "all";
      if (!FILTERS[outcome.value](one)) outcome.value = "all";
      apply(shown.slice(0, BATCH).includes(one) ? null : one);
    }
    byId(id).open = true;
    byId(id).scrollIntoView({ block: "start" });
    byId(id).querySelector("summary").focus({ preventScroll: true });
  };
  const start = async () => {
    head = await unpack("head");
    head.cases.forEach((one, place) => {
      one.place = place;
      one.text = `${one.id}\n${one.question}\n${one.said}\n${one.expected}\n${one.type}`.toLowerCase();
    });
    offer();
    apply();
    for (const control of [outcome, type, search]) control.addEventListener("input", () => apply());
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    more.addEventListener("click", draw);
    new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && !more.hidden && draw(), { rootMargin: "600px" }).observe(more);
    addEventListener("hashchange", follow);
    document.addEventListener("click", (event) => { // within a frame of another page a fragment would lead to that page
      const link = event.target.closest('a[href^="#"]');
      if (!link) return;
      event.preventDefault();
      location.hash = link.getAttribute("href");
    });
    follow();
    document.documentElement.dataset.ready = "yes";
  };
  start().catch((error) => list.replaceChildren(element("p", { class: "bad" }, `The cases cannot be unpacked: ${error.message}. A browser of 2023 or later can.`)));
})();
