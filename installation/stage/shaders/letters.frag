#version 330 core
#include "srgb.glsl"
#include "letters.glsl"
// The canvas where there is no picture: letters and figures on black.
uniform sampler2D ink;
uniform float level;
uniform float opening;
out vec4 light;

void main() {
    light = vec4(lettered(vec3(0.0), ink, level) * opening, 1.0);
}
