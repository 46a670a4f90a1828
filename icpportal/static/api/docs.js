// Swagger UI over our own document, with snippets to copy for curl and Python. No inline script or style.
"use strict";

(function () {
  const place = document.getElementById("docs");

  // Swagger UI's sheet has a dark look and leaves the choice of it to the page.
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const look = () => root.classList.toggle("dark-mode", root.dataset.theme === "dark" || (root.dataset.theme !== "light" && dark.matches));
  dark.addEventListener("change", look);
  new MutationObserver(look).observe(root, { attributeFilter: ["data-theme"] });
  look();

  function text(value) {
    return JSON.stringify(value);
  }

  function python(request) {
    const lines = ["import requests", "", "answer = requests.request(", `    ${text(request.get("method"))},`];
    lines.push(`    ${text(request.get("url"))},`);
    const headers = request.get("headers");
    if (headers && headers.size) {
      lines.push("    headers={");
      headers.forEach((value, name) => lines.push(`        ${text(name)}: ${text(value)},`));
      lines.push("    },");
    }
    const body = request.get("body");
    if (body) {
      lines.push(`    data=${text(typeof body === "string" ? body : JSON.stringify(body))}.encode(),`);
    }
    lines.push("    timeout=10,", ")", "print(answer.status_code, answer.json())");
    return lines.join("\n");
  }

  // Swagger UI puts a link into the button of each operation; the button does what is needed.
  function withoutLinks(system) {
    return { components: { DeepLink: (props) => system.React.createElement("span", null, props.text) } };
  }

  // Swagger UI speaks English alone.
  const words = JSON.parse(place.dataset.words);
  function translate(node) {
    const [, field, text] = /^(For '.+': )?(.*?)\.?$/s.exec(node.nodeValue.trim());  // of a field that is wrong
    const said = words[node.nodeValue.trim()] || (field && words[text]);
    if (said) node.nodeValue = node.nodeValue.replace(/\S.*\S|\S/s, (field ? `${field.slice(5, -3)}: ` : "") + said);
  }
  function translateAttributes(element) {
    ["aria-label", "title"].forEach((name) => element.hasAttribute(name) && translate(element.getAttributeNode(name)));
  }
  function translateWithin(node) {
    if (node.nodeType === Node.TEXT_NODE) return translate(node);
    const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) translate(texts.currentNode);
    if (node.nodeType === Node.ELEMENT_NODE) [node, ...node.querySelectorAll("[aria-label], [title]")].forEach(translateAttributes);
  }

  // What Swagger UI leaves out: names of controls, and the keyboard's way into a long example.
  function complete(changes) {
    for (const change of changes) {
      if (change.type === "characterData") translate(change.target);
      else if (change.type === "attributes") translateAttributes(change.target);
      else change.addedNodes.forEach(translateWithin);
    }
    const each = (selector, name, value) => place.querySelectorAll(`${selector}:not([${name}])`).forEach((element) => {
      const text = value(element);
      if (text) element.setAttribute(name, text);
    });
    each(".close-modal", "aria-label", () => words.Close || "Close");
    each("textarea.body-param__text", "aria-label", () => words["Request body"] || "Request body");
    each("select.examples-select-element", "aria-label", () => words.Example || "Example");
    each("[data-param-name] select", "aria-label", (select) => select.closest("[data-param-name]").dataset.paramName);
    each("pre.microlight", "tabindex", () => "0");
  }
  new MutationObserver(complete).observe(place, {
    attributeFilter: ["aria-label", "title"],
    characterData: true,
    childList: true,
    subtree: true,
  });

  window.ui = SwaggerUIBundle({
    domNode: place,
    url: place.dataset.schema,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    persistAuthorization: false,
    tryItOutEnabled: true,
    validatorUrl: null,
    requestInterceptor: (request) => {
      request.headers["Accept-Language"] = place.dataset.language;
      return request;
    },
    syntaxHighlight: { activated: true, theme: "tomorrow-night" },
    requestSnippetsEnabled: true,
    requestSnippets: {
      generators: {
        curl_bash: { title: "curl", syntax: "bash" },
        python: { title: "Python", syntax: "python" },
      },
      defaultExpanded: true,
      languages: ["curl_bash", "python"],
    },
    plugins: [withoutLinks, function () { return { fn: { requestSnippetGenerator_python: python } }; }],
  });
})();
