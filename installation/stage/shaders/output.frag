#version 330 core
#include "srgb.glsl"
#include "noise.glsl"
// What one projector is sent: its part of the canvas, soft at the edges, matched to its neighbours, in 8 bits.
uniform sampler2D canvas;
uniform sampler2D shading;  // for every pixel the weight of the light and the lift of black
uniform vec4 box;           // the output: left, top, width, height, pixels from the top left
uniform vec2 window;        // width, height
uniform vec3 gain;
uniform vec3 gamma;
uniform float opening;      // of the curtain, which the canvas has already and the lift has not
uniform uint turn;
in vec2 place;
out vec4 codes;

const float WHOLE = 0.12;  // of a code: what is nearer to a whole one is that code, for the canvas keeps 11 bits

void main() {
    ivec2 pixel = ivec2(gl_FragCoord.x - box.x, window.y - gl_FragCoord.y - box.y);
    vec2 shade = texelFetch(shading, pixel, 0).rg;
    vec3 light = texture(canvas, place).rgb * gain * shade.x + shade.y * opening;
    vec3 fine = pow(encoded(light), gamma) * 255.0;
    vec3 between = clamp((fract(fine) - WHOLE) / (1.0 - 2.0 * WHOLE), 0.0, 1.0);
    codes = vec4((floor(fine) + step(uniforms(uvec2(pixel), turn, 4u), between)) / 255.0, 1.0);
}
