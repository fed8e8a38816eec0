#version 330 core
// Letters and figures: sRGB codes multiplied by their alpha. Between two pixels they glide.
uniform sampler2D pixels;
uniform float opacity;
in vec2 at;
out vec4 ink;

void main() {
    vec2 size = vec2(textureSize(pixels, 0));
    vec2 covered = clamp(min(at, size - at) + 0.5, 0.0, 1.0);
    ink = texture(pixels, at / size) * covered.x * covered.y * opacity;
}
