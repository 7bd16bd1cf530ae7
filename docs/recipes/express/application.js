// An Express application that believes the gateway's assertion, and nothing else.
//
//     npm install
//     PUBLIC_URL=https://app.example.com PORT=3000 node application.js

import express from "express";
import { createRemoteJWKSet, jwtVerify } from "jose";

const gateway = process.env.PUBLIC_URL;

// Asked every five minutes, and for a key that it does not know, twice a minute at most.
const keys = createRemoteJWKSet(new URL("/.gateway/jwks.json", gateway), {
  cacheMaxAge: 300_000,
  cooldownDuration: 30_000,
});

// Answers 401 to whatever did not come through the gateway.
async function onlyThroughTheGateway(request, response, next) {
  try {
    const assertion = request.get("X-Gateway-Assertion");
    const { payload } = await jwtVerify(assertion, keys, {
      algorithms: ["ES256"],
      issuer: gateway,
      audience: gateway,
      requiredClaims: ["exp", "iat", "sub"],
      clockTolerance: 5,
    });
    request.person = payload;
  } catch {
    return response.sendStatus(401);
  }
  next();
}

const app = express();
app.use(onlyThroughTheGateway);
app.get("/", ({ person }, response) => {
  response.json({ hello: person.name ?? "stranger", user: person.sub });
});
app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
