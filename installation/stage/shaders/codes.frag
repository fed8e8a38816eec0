#version 330 core
#include "srgb.glsl"
// The picture as sRGB codes, -1 to 1, without the wall's brightness: what a medium burns.
uniform sampler2D picture;
uniform float level;  // of the wall's brightness, above 0
out vec4 coded;

void main() {
    vec3 light = texelFetch(picture, ivec2(gl_FragCoord.xy), 0).rgb;
    coded = vec4(encoded(light / level) * 2.0 - 1.0, 1.0);
}
