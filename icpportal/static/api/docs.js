// Swagger UI over our own document, with snippets to copy for curl and Python. No inline script or style.
"use strict";

(function () {
  const place = document.getElementById("docs");

  // Swagger UI's sheet has a dark look and leaves the choice of it to the page.
  const dark = matchMedia("screen and (prefers-color-scheme: dark)");
  const look = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", look);
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

  // What Swagger UI leaves out: names of controls, and the keyboard's way into a long example.
  function complete() {
    const each = (selector, name, value) => place.querySelectorAll(`${selector}:not([${name}])`).forEach((element) => {
      const text = value(element);
      if (text) element.setAttribute(name, text);
    });
    each(".close-modal", "aria-label", () => place.dataset.close);
    each("textarea.body-param__text", "aria-label", () => place.dataset.body);
    each("select.examples-select-element", "aria-label", () => place.dataset.example);
    each("[data-param-name] select", "aria-label", (select) => select.closest("[data-param-name]").dataset.paramName);
    each("pre.microlight", "tabindex", () => "0");
  }
  new MutationObserver(complete).observe(place, { childList: true, subtree: true });

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
